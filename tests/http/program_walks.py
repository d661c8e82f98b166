"""Walks up to what programs and their admins do besides submitting: later reports, endpoints, the HumanLayer SDK."""

from typing import Final

from tests.http.walker import CHAT_HOOK, Walker, walk_to


@walk_to("endpoints.patch")
def _change_endpoint(walker: Walker) -> None:
    made = walker.api("/endpoints", {"url": "https://example.com/hook"})
    walker.go()
    walker.api(f"/endpoints/{made['id']}", {"url": "https://example.org/hook"}, method="PATCH")


@walk_to("endpoints.post_rotate")
def _rotate_secret(walker: Walker) -> None:
    made = walker.api("/endpoints", {"url": "https://example.com/hook"})
    walker.go()
    walker.api(f"/endpoints/{made['id']}/rotate", {})


@walk_to("endpoints.post_replay")
def _replay_range(walker: Walker) -> None:
    endpoint, _ = walker.parked()
    walker.go()
    walker.api(f"/endpoints/{endpoint}/replay", {"since": "2026-01-01T00:00:00Z"})


@walk_to("deliveries.post_replay")
def _replay_one(walker: Walker) -> None:
    _, delivery = walker.parked()
    walker.go()
    walker.api(f"/deliveries/{delivery}/replay", {})


@walk_to("submissions.post_outcome")
def _report_the_outcome(walker: Walker) -> None:
    """Report what was learnt later."""
    submission_id = walker.submit()
    walker.go()
    walker.api(f"/submissions/{submission_id}/outcome", {"correct": True})


@walk_to("submissions.post_usage")
def _report_calls(walker: Walker) -> None:
    """Report a call of a language model that came later."""
    submission_id = walker.submit()
    walker.go()
    walker.api(f"/submissions/{submission_id}/usage", {"llm_calls": [{"provider": "acme"}]})


@walk_to("humanlayer.post_function_call")
def _ask_for_approval(walker: Walker) -> None:
    """Ask as the HumanLayer SDK does."""
    walker.go()
    asked = {"run_id": "r", "call_id": "c", "spec": {"fn": "f", "kwargs": {}}}
    walker.api("/function_calls", asked, api="/api/humanlayer/v1")


@walk_to("humanlayer.post_contact_request")
def _ask_a_person(walker: Walker) -> None:
    """Ask a person as the HumanLayer SDK does."""
    walker.go()
    asked = {"run_id": "r", "call_id": "c", "spec": {"msg": "Well?"}}
    walker.api("/contact_requests", asked, api="/api/humanlayer/v1")


def _sign_in_as_admin(walker: Walker) -> None:
    walker.site.add_person("bo", ["admin"])
    walker.sign_in("bo")


@walk_to("access.add_person")
def _add_a_person_on_a_page(walker: Walker) -> None:
    _sign_in_as_admin(walker)
    walker.go()
    walker.page("/admin/people", email="new@acme.example", name="New", roles="reviewer")


@walk_to("chat_hook_pages.add")
def _tell_a_channel_on_a_page(walker: Walker) -> None:
    _sign_in_as_admin(walker)
    walker.go()
    walker.page("/admin/chat-hooks", **CHAT_HOOK)


@walk_to("chat_hook_pages.try_out")
def _try_a_channel_on_a_page(walker: Walker) -> None:
    made = walker.api("/chat-hooks", CHAT_HOOK)
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/chat-hooks/{made['id']}/test")


@walk_to("chat_hook_pages.disable")
def _disable_a_channel_on_a_page(walker: Walker) -> None:
    made = walker.api("/chat-hooks", CHAT_HOOK)
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/chat-hooks/{made['id']}/disable")


TASK_TYPE: Final = {
    **{"queue": "default", "output_schema": "{}", "on_timeout": "reject", "on_last_timeout": "stay", "sla": "4 h"},
    **{"claim": "15 min", "grant": "7 d", "cap_seconds": "90", "undo_seconds": "0", "double_review_rate": "2.5"},
    **{"approvals_required": "1", "rejections_required": "1", "max_reviewers": "3", "act": "save"},
    "high_risk_check": "typed",
}


@walk_to("task_type_pages.add")
def _define_on_a_page(walker: Walker) -> None:
    _sign_in_as_admin(walker)
    walker.go()
    walker.page("/admin/task-types", name="notes", **TASK_TYPE)


@walk_to("task_type_pages.change")
def _define_anew_on_a_page(walker: Walker) -> None:
    made = walker.api("/task-types", {"name": "notes"})
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/task-types/{made['id']}", **TASK_TYPE)


@walk_to("key_pages.add")
def _make_a_key_on_a_page(walker: Walker) -> None:
    _sign_in_as_admin(walker)
    walker.go()
    walker.page("/admin/keys", name="nightly", scopes="submit", days="30")


@walk_to("key_pages.revoke")
def _revoke_a_key_on_a_page(walker: Walker) -> None:
    made = walker.api("/keys", {"scopes": ["submit"]})
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/keys/{made['id']}/revoke")


@walk_to("delivery_pages.add")
def _register_on_a_page(walker: Walker) -> None:
    _sign_in_as_admin(walker)
    walker.go()
    walker.page("/admin/endpoints", url="https://example.com/hook", types="submission.decided")


@walk_to("delivery_pages.switch")
def _disable_on_a_page(walker: Walker) -> None:
    made = walker.api("/endpoints", {"url": "https://example.com/hook"})
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/endpoints/{made['id']}/state", enabled="no")


@walk_to("delivery_pages.rotate")
def _rotate_on_a_page(walker: Walker) -> None:
    made = walker.api("/endpoints", {"url": "https://example.com/hook"})
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/endpoints/{made['id']}/secret")


@walk_to("delivery_pages.send_all_again")
def _replay_all_on_a_page(walker: Walker) -> None:
    endpoint, _ = walker.parked()
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/endpoints/{endpoint}/replay")


@walk_to("delivery_pages.send_again")
def _replay_one_on_a_page(walker: Walker) -> None:
    _, delivery = walker.parked()
    _sign_in_as_admin(walker)
    walker.go()
    walker.page(f"/admin/deliveries/{delivery}/replay")


@walk_to("item_acts.show_hidden")
def _reveal(walker: Walker) -> None:
    _, item, _ = walker.claim_of_item()
    walker.site.add_person("lea", ["lead"])
    walker.sign_in("lea")
    walker.go()
    walker.page(f"/items/{item}/reveal")


@walk_to("files.post")
def _send_a_file(walker: Walker) -> None:
    """Send a text that a context will show."""
    walker.go()
    walker.api("/files?name=note.txt", b"A note.", Content_Type="text/plain")
