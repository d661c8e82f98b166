"""Break what the database itself would never let anybody break."""

from sqlalchemy.orm import Session


def break_it(session: Session, *statements: str) -> None:
    """Change rows past every trigger and foreign key."""
    session.flush()
    connection = session.connection()
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    for statement in statements:
        assert connection.exec_driver_sql(statement).rowcount, f"changes nothing: {statement}"
    session.expire_all()
