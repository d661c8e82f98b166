"""The process that waits for job hints: the fast way from a commit to the work that it asks for.

It also keeps the deliveries loop that a hint wakes, so a decision that becomes final in ten seconds leaves in ten
seconds. A Redis that is away is waited for; the sweeper does the work meanwhile. Started by the runner.
"""

import signal
import time
from types import FrameType
from typing import Final, NoReturn

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from app.adapters.rq_jobs import QUEUE_NAME
from app.delivery.queries import next_due_at
from workers.deliveries import send_due
from workers.hints import HintWorker
from workers.loop import Loop
from workers.task import Tools

# RQ blocks for this less 15 seconds on one command, and takes a connection for dead 10 seconds after that.
_WORKER_TTL_SECONDS: Final = 30
_MAINTENANCE_SECONDS: Final = 60
_RECONNECT_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


def _stop(_signum: int, _frame: FrameType | None) -> NoReturn:
    raise StopRequested


def _listen_until_lost(tools: Tools, redis_url: str) -> bool:
    """Work hints off until Redis fails or a signal comes; say whether it was Redis."""
    connection = Redis.from_url(redis_url, socket_connect_timeout=2)
    try:
        worker = HintWorker(
            [QUEUE_NAME],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_TTL_SECONDS,
            maintenance_interval=_MAINTENANCE_SECONDS,
            log_job_description=False,
        )
        worker.tools = tools
        worker.work(logging_level="ERROR")
    except (RedisError, OSError) as error:
        _log.warning("redis not usable, trying again", error=str(error))
        return True
    else:
        return worker._shutdown_requested_date is None
    finally:
        connection.close()


def listen(tools: Tools, redis_url: str, *, stop_within_seconds: float) -> bool:
    """Run until SIGTERM or SIGINT; say whether everything ended in time. Call it from the main thread."""
    loop = Loop("deliveries", tools, work=send_due, next_due=next_due_at, wake=tools.look_for_deliveries)
    loop.start()
    try:
        while True:
            # RQ puts its own handlers in place while it works.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, _stop)
            if not _listen_until_lost(tools, redis_url):
                break
            time.sleep(_RECONNECT_SECONDS)
    except StopRequested:
        pass
    tools.end()
    return loop.end(within_seconds=stop_within_seconds)
