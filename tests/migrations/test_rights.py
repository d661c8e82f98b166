"""Whoever owns the ledger may add to it and may not change it, whatever becomes of the triggers."""

from sqlalchemy import text
from sqlalchemy.orm import Session

LEDGER = {
    "adjusting_entries",
    "cost_entries",
    "exchange_rates",
    "period_closes",
    "piece_entries",
    "rate_cards",
    "time_entries",
}
RIGHTS = text("""
SELECT c.relname, granted.privilege_type
  FROM pg_class c, aclexplode(c.relacl) AS granted
 WHERE c.relname = ANY (:tables) AND c.relkind = 'r' AND granted.grantee = c.relowner
""")


def test_the_owner_of_the_ledger_has_no_right_to_change_it(session: Session) -> None:
    rights: dict[str, set[str]] = {}
    for table, right in session.execute(RIGHTS, {"tables": list(LEDGER)}):
        rights.setdefault(table, set()).add(right)
    assert set(rights) == LEDGER
    for table, granted in rights.items():
        assert granted & {"UPDATE", "DELETE", "TRUNCATE"} == set(), table
        assert granted >= {"SELECT", "INSERT", "REFERENCES"}, table
