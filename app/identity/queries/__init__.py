"""Read identity: people, memberships, keys, sessions.

Answers are frozen rows without any secret or hash. What belongs to a workspace is asked for within one; a person's
own account is asked for by the person. Nothing here changes anything.
Called by the doors, the command line and the flow that gives work to people.
"""

from app.identity.queries.credentials import KeyRow, SessionRow, list_keys, list_own_sessions
from app.identity.queries.people import (
    GroupRow,
    MembershipRow,
    NoSuchPerson,
    NoSuchWorkspace,
    PersonRow,
    WorkspaceRow,
    count_reviewers,
    desk_keys_of,
    find_groups,
    find_person_by_email,
    find_workspace,
    get_membership,
    get_person,
    list_group_members,
    list_groups,
    list_leads,
    list_members,
    list_people,
    list_terms,
    list_vendors,
    needs_second_publisher,
)
from app.identity.queries.views import list_views
from app.identity.queries.ways_in import has_second_factor, link_digest, person_of_link, recovery_codes_left

__all__ = [
    "GroupRow",
    "KeyRow",
    "MembershipRow",
    "NoSuchPerson",
    "NoSuchWorkspace",
    "PersonRow",
    "SessionRow",
    "WorkspaceRow",
    "count_reviewers",
    "desk_keys_of",
    "find_groups",
    "find_person_by_email",
    "find_workspace",
    "get_membership",
    "get_person",
    "has_second_factor",
    "link_digest",
    "list_group_members",
    "list_groups",
    "list_keys",
    "list_leads",
    "list_members",
    "list_own_sessions",
    "list_people",
    "list_terms",
    "list_vendors",
    "list_views",
    "needs_second_publisher",
    "person_of_link",
    "recovery_codes_left",
]
