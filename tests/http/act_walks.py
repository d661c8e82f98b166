"""Walks up to what is done with items besides judging them: acts, undoing, overturning, and their pages."""

from tests.http.walker import Walker, walk_to


@walk_to("giving_back.post_reservation")
def _reserve(walker: Walker) -> None:
    walker.submit()
    walker.go()
    walker.api("/claims/reservation", key="ada")


@walk_to("giving_back.delete_reservation")
def _end_reservation(walker: Walker) -> None:
    walker.submit()
    walker.api("/claims/reservation", key="ada")
    walker.go()
    walker.api("/claims/reservation", method="DELETE", key="ada")


@walk_to("items.post_unhold")
def _unhold(walker: Walker) -> None:
    claim_id, item_id, _ = walker.claim_of_item()
    walker.api(f"/claims/{claim_id}/hold", key="ada")
    walker.go()
    walker.api(f"/items/{item_id}/unhold", key="ada")


@walk_to("items.post_assign")
def _assign(walker: Walker) -> None:
    _, item_id, _ = walker.claim_of_item()
    walker.go()
    walker.api(f"/items/{item_id}/assign", {"to": None}, key="zoe")


@walk_to("decisions.post_undo")
def _undo(walker: Walker) -> None:
    decision_id = walker.decide_at_the_desk()
    walker.go()
    walker.api(f"/decisions/{decision_id}/undo", key="ada")


@walk_to("grants.post_redeem")
def _redeem(walker: Walker) -> None:
    grant = walker.granted()
    walker.go()
    walker.api("/grants/redeem", {"grant": grant})


@walk_to("desk_acts.undo_decision")
def _undo_at_the_desk(walker: Walker) -> None:
    decision_id = walker.decide_at_the_desk()
    walker.go()
    walker.page(f"/review/undo/{decision_id}")


@walk_to("desk_acts.have_next_ready")
def _have_next_ready(walker: Walker) -> None:
    for _ in range(4):
        walker.submit()
    walker.sign_in()
    walker.go()
    walker.page("/review/ahead")


@walk_to("desk_acts.pause")
def _pause_at_the_desk(walker: Walker) -> None:
    walker.sign_in()
    walker.go()
    walker.page("/presence/pause", reason="break")


@walk_to("desk_acts.resume")
def _resume(walker: Walker) -> None:
    walker.sign_in()
    walker.go()
    walker.page("/presence/resume")


@walk_to("decisions.post_supersede")
def _supersede(walker: Walker) -> None:
    claim_id, _, proof = walker.claim_of_item()
    decided = walker.api(f"/claims/{claim_id}/decision", {**proof, "verb": "approve"}, key="ada")
    walker.go()
    body = {"content_sha256": proof["content_sha256"], "verb": "reject", "reason": "An audit found it wrong."}
    walker.api(f"/decisions/{decided['id']}/supersede", body, key="zoe")


@walk_to("item_acts.unhold")
def _unhold_on_its_page(walker: Walker) -> None:
    claim_id, item_id, _ = walker.claim_of_item()
    walker.api(f"/claims/{claim_id}/hold", key="ada")
    walker.sign_in()
    walker.go()
    walker.page(f"/items/{item_id}/unhold")


@walk_to("item_acts.assign")
def _assign_on_its_page(walker: Walker) -> None:
    _, item_id, _ = walker.claim_of_item()
    walker.sign_in("zoe")
    walker.go()
    walker.page(f"/items/{item_id}/assign", to="ada@acme.example")


@walk_to("item_acts.overturn")
def _overturn_on_its_page(walker: Walker) -> None:
    claim_id, item_id, proof = walker.claim_of_item()
    decided = walker.api(f"/claims/{claim_id}/decision", {**proof, "verb": "approve"}, key="ada")
    walker.sign_in("zoe")
    walker.go()
    form = {"decision": decided["id"], "content_sha256": proof["content_sha256"], "verb": "reject", "reason": "Wrong."}
    walker.page(f"/items/{item_id}/supersede", **form)
