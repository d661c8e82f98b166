"""No row of one workspace points into another.

The foreign keys are read from the database's own catalogue, so that a table that comes later is looked at too.
Called by the checks of a live system.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.reports.invariants.check import Check, Violation, find

RULE: Final = "no reference crosses workspaces"

# One query per foreign key whose two tables both have a workspace_id; the server quotes the names itself.
QUERIES: Final = text("""
SELECT format('SELECT %L || count(*), %L FROM %s child JOIN %s parent ON %s'
              ' WHERE child.workspace_id <> parent.workspace_id HAVING count(*) > 0',
              child.relname || '.' || fk.conname || ': ', 'rows point into another workspace',
              fk.conrelid::regclass, fk.confrelid::regclass,
              (SELECT string_agg(format('child.%I = parent.%I', c.attname, p.attname), ' AND ')
                 FROM unnest(fk.conkey, fk.confkey) AS pair(child_number, parent_number)
                 JOIN pg_attribute c ON c.attrelid = fk.conrelid AND c.attnum = pair.child_number
                 JOIN pg_attribute p ON p.attrelid = fk.confrelid AND p.attnum = pair.parent_number))
  FROM pg_constraint fk
  JOIN pg_class child ON child.oid = fk.conrelid
 WHERE fk.contype = 'f'
   AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = fk.conrelid AND attname = 'workspace_id' AND NOT attisdropped)
   AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = fk.confrelid AND attname = 'workspace_id' AND NOT attisdropped)
 ORDER BY child.relname, fk.conname
""")


def check_tenants(session: Session) -> Iterator[Violation]:
    """Yield the foreign keys along which a row of one workspace points into another."""
    queries = session.scalars(QUERIES).all()
    # A colon would be taken for the name of a parameter.
    everything = " UNION ALL ".join(query.replace(":", "\\:") for query in queries)
    yield from find(session, Check(RULE, "workspace", everything))
