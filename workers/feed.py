"""Put on the feed what is final, and wake the programs that wait for it.

Run by the sequencer when something becomes due, and as the job that a decision asks for.
"""

from typing import Final

from app.feed.service import number_due
from workers.task import Tools

BATCH: Final = 1_000


def number(tools: Tools) -> int:
    """Number everything that is due, a batch in each transaction; return how much that was."""
    count = 0
    while not tools.stop.is_set():
        with tools.unit_of_work() as (session, now):
            numbered = number_due(session, now=now, limit=BATCH)
        count += numbered.count
        if numbered.count:
            tools.ring(one.hex for one in (*numbered.workspaces, *numbered.submissions))
        if numbered.count < BATCH:
            break
    return count
