"""Read a job from Redis, and run it if it is one of ours.

Whatever lies on Redis is a stranger's word. A job is read as JSON, runs only if its name stands in the registry and
its arguments are ids, and is dropped with a log line if it brings anything that RQ would import, call or fetch by
itself: callbacks, an instance, dependencies, web hooks, repeats. None of RQ's bookkeeping is used, because a lost hint
loses nothing. Called by the listener.
"""

from typing import Final

import structlog
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job as RqJob
from rq.timeouts import JobTimeoutException
from rq.worker import BaseWorker, WorkerStatus
from rq.worker_registration import clean_worker_registry

from app.adapters.rq_jobs import pending_key
from app.kernel.clock import host_now
from app.kernel.jobs import Job
from workers.registry import TASKS
from workers.task import Tools, run_task

MAX_IDS: Final = 8
MAX_ID_LENGTH: Final = 64

_log = structlog.get_logger(__name__)


class Refused(Exception):
    """This job is not run; the text says why."""


def read_job(job: RqJob) -> Job:
    """Return what a job asks for.

    Raises:
        Refused: it is none of ours, or it brings more than a name and ids.
    """
    extras = (
        job._success_callback_name,
        job._failure_callback_name,
        job._stopped_callback_name,
        job.webhooks,
        job._dependency_ids,
        job.retries_left,
        job.repeats_left,
        job.rate_limit_key,
    )
    if any(extras):
        raise Refused("brings callbacks, dependencies or the like")
    try:
        name, instance, args, kwargs = job.func_name, job.instance, job.args, job.kwargs
    except DeserializationError as error:
        raise Refused("is not the JSON of a job") from error
    if instance is not None or kwargs:
        raise Refused("brings an instance or named arguments")
    if not isinstance(name, str) or name not in TASKS:
        raise Refused("names no task")
    few = isinstance(args, list | tuple) and len(args) <= MAX_IDS
    if not few or not all(isinstance(value, str) and len(value) <= MAX_ID_LENGTH for value in args):
        raise Refused("has arguments that are no ids")
    return Job(name, tuple(args))


class HintWorker(BaseWorker):
    """RQ's loop around our own way to run a job."""

    max_connection_wait_time = 2.0
    tools: Tools

    def execute_job(self, job: RqJob, queue: Queue) -> None:
        """Take the job off Redis, and run it if it is one of ours."""
        with self.connection.pipeline() as pipe:
            self.set_state(WorkerStatus.BUSY, pipeline=pipe)
            pipe.lrem(queue.intermediate_queue_key, 1, job.id)
            pipe.delete(job.key)
            pipe.execute()
        try:
            wanted = read_job(job)
        except Refused as refusal:
            _log.warning("job refused", job_id=job.id, why=str(refusal))
        else:
            # Gone before the work begins, so that whatever commits from now on is carried again.
            self.connection.delete(pending_key(wanted))
            self._run(wanted)
        self.set_state(WorkerStatus.IDLE)

    def _run(self, wanted: Job) -> None:
        task = TASKS[wanted.name]
        try:
            with self.death_penalty_class(task.timeout_seconds, JobTimeoutException):
                run_task(wanted.name, task.work, self.tools, wanted.ids)
        except Exception:
            _log.exception("task failed", task=wanted.name, ids=wanted.ids)

    def run_maintenance_tasks(self) -> None:
        """Forget hints and workers that died. RQ's own upkeep would act on whatever lies in its registries."""
        for queue in self.queues:
            self.connection.delete(queue.intermediate_queue_key)
            clean_worker_registry(queue)
        self.last_cleaned_at = host_now()  # type: ignore[assignment]  # RQ says None and means a time

    def subscribe(self) -> None:
        """Take no commands from Redis."""
