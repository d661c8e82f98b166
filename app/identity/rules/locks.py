"""Names of the locks that go with a person or with what prices depend on. Called by the services that take them."""

from uuid import UUID


def person_lock(person_id: UUID) -> str:
    """Return the name of the lock on whatever a person is given and what is posted for her, in every workspace."""
    return f"person {person_id}"


def prices_lock(workspace_id: UUID) -> str:
    """Return the name of the lock on whatever prices depend on.

    Whoever posts time shares it from before she reads rates and terms to her commit; whoever changes them holds it
    alone and reads the clock under it. So what was recorded before an entry was posted was known to it, always.
    """
    return f"prices {workspace_id}"
