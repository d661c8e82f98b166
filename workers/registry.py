"""The tasks that a job may name: the allowlist between Redis and this code.

RQ would import and call whatever dotted name lies on Redis; the listener runs nothing that does not stand here.
Each name is where the task really lives, and a test holds that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from workers import claims, deliveries, feed, forgetting, timers
from workers.task import Work


@dataclass(frozen=True)
class Task:
    """Work that a job may ask for, and the seconds after which it is broken off."""

    work: Work
    timeout_seconds: int


TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {
        "workers.deliveries.drain": Task(deliveries.drain, timeout_seconds=5),
        "workers.feed.number": Task(feed.number, timeout_seconds=30),
        "workers.claims.expire": Task(claims.expire, timeout_seconds=60),
        "workers.timers.tend": Task(timers.tend, timeout_seconds=60),
        "workers.forgetting.forget": Task(forgetting.forget, timeout_seconds=60),
    }
)
