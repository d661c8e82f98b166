"""The pure rules of identity: who may do what, which passwords are refused, how e-mails and names are written.

Nothing here reads a clock, a database or a random source, so each rule can be checked by its table alone.
Called by the services of identity, the edge, and the doors that check input before they open a transaction.
"""

from app.identity.rules.limits import (
    ATTEMPT_WINDOW,
    LINK_LIFE,
    LINK_TRUST,
    MAX_FAILURES_PER_ACCOUNT,
    MAX_FAILURES_PER_ADDRESS,
    SEEN_GRAIN,
    SESSION_IDLE,
    SESSION_LIFE,
    seconds_until_next_try,
)
from app.identity.rules.links import LINK_PATH, sign_in_url
from app.identity.rules.locks import person_lock, prices_lock
from app.identity.rules.names import (
    BadEmail,
    BadName,
    address_group,
    check_email,
    check_name,
    check_names,
    normal_email,
    plain_agent,
)
from app.identity.rules.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, WeakPassword, check_password
from app.identity.rules.rights import (
    PERMISSIONS,
    ROLE_PERMISSIONS,
    ROLES,
    SCOPES,
    BadRoles,
    BadScopes,
    Principal,
    check_roles,
    check_scopes,
    permissions_of_key,
    permissions_of_roles,
)
from app.identity.rules.terms import Terms, terms_at

__all__ = [
    "ATTEMPT_WINDOW",
    "LINK_LIFE",
    "LINK_PATH",
    "LINK_TRUST",
    "MAX_FAILURES_PER_ACCOUNT",
    "MAX_FAILURES_PER_ADDRESS",
    "MAX_PASSWORD_LENGTH",
    "MIN_PASSWORD_LENGTH",
    "PERMISSIONS",
    "ROLES",
    "ROLE_PERMISSIONS",
    "SCOPES",
    "SEEN_GRAIN",
    "SESSION_IDLE",
    "SESSION_LIFE",
    "BadEmail",
    "BadName",
    "BadRoles",
    "BadScopes",
    "Principal",
    "Terms",
    "WeakPassword",
    "address_group",
    "check_email",
    "check_name",
    "check_names",
    "check_password",
    "check_roles",
    "check_scopes",
    "normal_email",
    "permissions_of_key",
    "permissions_of_roles",
    "person_lock",
    "plain_agent",
    "prices_lock",
    "seconds_until_next_try",
    "sign_in_url",
    "terms_at",
]
