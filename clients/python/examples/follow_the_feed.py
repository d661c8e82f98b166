"""Read every final decision in order, and go on after a crash exactly where it stopped.

PROOFDESK_URL=http://127.0.0.1:8080 PROOFDESK_API_KEY=pd_... python follow_the_feed.py decisions.sqlite
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from proofdesk_client import Client


def main(client: Client, file: Path, *, forever: bool = True) -> None:
    """Keep each decision in a table. The number of the last one lies in the same table, so nothing is kept twice."""
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS decisions (seq INTEGER PRIMARY KEY, submission TEXT, status TEXT, at TEXT)"
        )
        (last,) = database.execute("SELECT coalesce(max(seq), 0) FROM decisions").fetchone()
        for entry in client.feed(after=last, forever=forever):
            row = (entry.seq, entry.submission.id, entry.submission.status, entry.at.isoformat())
            with database:
                database.execute("INSERT INTO decisions VALUES (?, ?, ?, ?)", row)


if __name__ == "__main__":
    with Client() as client:
        main(client, Path(sys.argv[1]))
