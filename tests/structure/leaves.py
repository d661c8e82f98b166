"""What each changing route leaves in the trail. A route that is in neither table fails the tests.

The names are Flask's: blueprint and view. tests/http/test_events.py calls every one of them and looks.
"""

from typing import Final

# The type of the event that a call which changed something leaves in its own transaction.
LEAVES: Final = {
    "account.choose_notifications": "notifications.chosen",
    "account.end_session": "session.revoked",
    "account.set_own_password": "password.set",
    "calendars.delete": "calendar.removed",
    "calendars.post": "calendar.added",
    "calendars.put": "calendar.changed",
    "chat_hooks.delete": "chat_hook.disabled",
    "chat_hooks.post": "chat_hook.registered",
    "chat_hooks.post_trial": "chat_hook.tried",
    "claims.post": "item.claim",
    "claims.post_decision": "item.decide",
    "decisions.post_supersede": "item.supersede",
    "decisions.post_undo": "item.undo",
    "endpoints.delete": "endpoint.disabled",
    "endpoints.post": "endpoint.registered",
    "giving_back.delete_reservation": "item.unreserve",
    "giving_back.post_escalate": "item.escalate_claim",
    "giving_back.post_handover": "item.hand_over",
    "giving_back.post_hold": "item.hold",
    "giving_back.post_release": "item.release",
    "giving_back.post_reservation": "item.reserve",
    "giving_back.post_second_opinion": "item.second_opinion",
    "giving_back.post_skip": "item.skip",
    "groups.delete": "group.deleted",
    "groups.post": "group.created",
    "groups.put": "group.changed",
    "items.post_assign": "item.reassign",
    "items.post_unhold": "item.unhold",
    "keys.delete": "key.revoked",
    "keys.post": "key.created",
    "login.sign_out": "session.revoked",
    "login.use_link": "session.started",
    "people.patch": "person.access_changed",
    "my_notifications.put": "notifications.chosen",
    "people.post": "person.joined",
    "policies.post": "policy.drafted",
    "policies.post_publish": "policy.published",
    "queues.post": "queue.added",
    "queues.put": "queue.changed",
    "presence.put": "person.paused",
    "rate_cards.post": "rate_card.recorded",
    "review.hand_in": "item.decide",
    "desk_acts.ask_another": "item.second_opinion",
    "desk_acts.give_to": "item.hand_over",
    "desk_acts.keep": "item.hold",
    "desk_acts.pass_up": "item.escalate_claim",
    "desk_acts.pause": "person.paused",
    "desk_acts.release": "item.release",
    "desk_acts.resume": "person.resumed",
    "desk_acts.skip": "item.skip",
    "desk_acts.undo_decision": "item.undo",
    "review.take": "item.claim",
    "submissions.post": "submission.received",
    "submissions.post_cancel": "item.cancel",
    "task_types.post": "task_type.defined",
    "login.sign_in": "session.started",
}

# Routes that leave none, each with the reason.
LEAVES_NOTHING: Final = {
    "claims.post_beat": "beats are kept themselves, one row each",
    "claims.post_draft": "typed text is kept, nothing is decided",
    "review.keep_draft": "typed text is kept, nothing is decided",
}
