"""The only writers of identity: workspaces, people, passwords, sessions, links and keys.

Each change leaves an event in the trail, in the same transaction; counters of sign-in tries and last uses do not.
Nothing here commits. Called by the command line, the edge, the sign-in and admin doors and the review flow.
"""

from app.identity.service.access import AccessChange, LastAdmin, change_access
from app.identity.service.accounts import PersonDisabled
from app.identity.service.attempts import TooManyAttempts, forget_old_attempts
from app.identity.service.desk_keys import choose_desk_keys
from app.identity.service.groups import GroupTerms, NotMembers, change_group, create_group, delete_group, get_group
from app.identity.service.keys import (
    AlreadyExpired,
    BadKey,
    CannotReview,
    NewKey,
    NoSuchKey,
    NotAMember,
    create_key,
    find_key,
    open_by_key,
    revoke_key,
)
from app.identity.service.links import LinkSpent, make_sign_in_link, use_sign_in_link
from app.identity.service.passwords import PasswordSet, Refused, SignIn, set_password, sign_in_with_password
from app.identity.service.people import AlreadyMember, create_person, disable_person
from app.identity.service.saved_views import NoSuchView, TooManyViews, remove_view, save_view
from app.identity.service.second_factor import (
    WRAPPED,
    Passed,
    SecondFactorOff,
    SecondFactorOn,
    new_secret,
    pass_second_factor,
    remove_second_factor,
    renew_recovery_codes,
    turn_off_second_factor,
    turn_on_second_factor,
)
from app.identity.service.sessions import (
    NewSession,
    NoSuchSession,
    NoWorkspace,
    SignedIn,
    find_session,
    revoke_session,
    start_session,
    touch_session,
)
from app.identity.service.workspaces import WorkspaceExists, create_workspace

__all__ = [
    "WRAPPED",
    "AccessChange",
    "AlreadyExpired",
    "AlreadyMember",
    "BadKey",
    "CannotReview",
    "GroupTerms",
    "LastAdmin",
    "LinkSpent",
    "NewKey",
    "NewSession",
    "NoSuchKey",
    "NoSuchSession",
    "NoSuchView",
    "NoWorkspace",
    "NotAMember",
    "NotMembers",
    "Passed",
    "PasswordSet",
    "PersonDisabled",
    "Refused",
    "SecondFactorOff",
    "SecondFactorOn",
    "SignIn",
    "SignedIn",
    "TooManyAttempts",
    "TooManyViews",
    "WorkspaceExists",
    "change_access",
    "change_group",
    "choose_desk_keys",
    "create_group",
    "create_key",
    "create_person",
    "create_workspace",
    "delete_group",
    "disable_person",
    "find_key",
    "find_session",
    "forget_old_attempts",
    "get_group",
    "make_sign_in_link",
    "new_secret",
    "open_by_key",
    "pass_second_factor",
    "remove_second_factor",
    "remove_view",
    "renew_recovery_codes",
    "revoke_key",
    "revoke_session",
    "save_view",
    "set_password",
    "sign_in_with_password",
    "start_session",
    "touch_session",
    "turn_off_second_factor",
    "turn_on_second_factor",
    "use_sign_in_link",
]
