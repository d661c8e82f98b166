"""Walks up to the changing routes of the ledger: adjustments of time, prices for what had none, closes of the books."""

from app.kernel.ids import show
from tests.http.walker import Walker, direct, walk_to

SHOULD_BE = {"seconds": "90.5", "reason": "not_counted", "note": "Read the contract on paper."}
FORM = {"should_be": "12 min", "reason": "not_counted", "note": "Read the contract on paper."}

direct("period_closes.post", "/period-closes", {"until": "2026-01-01T00:00:00Z"})
GPT: dict[str, object] = {"model": "gpt-x", "tiers": [{"input": "2.5", "output": "10"}], "source": "the vendor's page"}
direct("llm_prices.post", "/llm-prices", {**GPT, "valid_from": "2026-01-01T00:00:00Z"})


def judged(walker: Walker) -> str:
    """Return the claim of an item that Ada has judged."""
    claim_id, proof = walker.claim()
    walker.api(f"/claims/{claim_id}/decision", {**proof, "verb": "approve"}, key="ada")
    return claim_id


def asked(walker: Walker) -> str:
    """Return an adjustment that Ada has asked for."""
    made = walker.api("/adjustments", {"claim": judged(walker), **SHOULD_BE}, key="ada")
    return str(made["id"])


@walk_to("adjustments.post")
def _ask(walker: Walker) -> None:
    claim_id = judged(walker)
    walker.go()
    walker.api("/adjustments", {"claim": claim_id, **SHOULD_BE}, key="ada")


@walk_to("adjustments.post_time")
def _add_time(walker: Walker) -> None:
    ada = show("person", walker.site.people["ada"])
    walker.go()
    added = {"person": ada, "at": "2026-03-06T12:00:00Z", "seconds": "600", "note": "A review on paper."}
    walker.api("/adjustments/time", added, key="zoe")


@walk_to("adjustments.post_grant")
def _grant(walker: Walker) -> None:
    adjustment_id = asked(walker)
    walker.go()
    walker.api(f"/adjustments/{adjustment_id}/grant", {"seconds": "60"}, key="zoe")


@walk_to("adjustments.post_refuse")
def _refuse(walker: Walker) -> None:
    adjustment_id = asked(walker)
    walker.go()
    walker.api(f"/adjustments/{adjustment_id}/refuse", {"reply": "You were at lunch."}, key="zoe")


@walk_to("adjustment_pages.ask_for")
def _ask_at_the_page(walker: Walker) -> None:
    claim_id = judged(walker)
    walker.sign_in()
    walker.go()
    walker.page(f"/time/claims/{claim_id}", **FORM)


@walk_to("adjustment_pages.settle")
def _settle(walker: Walker) -> None:
    adjustment_id = asked(walker)
    walker.sign_in("zoe")
    walker.go()
    walker.page(f"/adjustments/{adjustment_id}", act="grant", granted="10 min", reply="")


@walk_to("adjustment_pages.add")
def _add(walker: Walker) -> None:
    walker.sign_in("zoe")
    walker.go()
    ada = show("person", walker.site.people["ada"])
    walker.page("/adjustments", person=ada, day="2026-03-06", length="2 h", note="A review on paper.")


@walk_to("rate_pages.price")
def _price(walker: Walker) -> None:
    judged(walker)
    walker.api("/rate-cards", {"currency": "EUR", "base": "30", "valid_from": "2020-01-01T00:00:00Z"})
    walker.site.add_person("fin", ["finance"])
    walker.sign_in("fin")
    walker.go()
    walker.page(f"/admin/rates/unpriced/{show('person', walker.site.people['ada'])}")


@walk_to("rate_pages.close")
def _close(walker: Walker) -> None:
    walker.sign_in()
    walker.go()
    walker.page("/admin/rates/close", until="2026-01-01", sure="yes")
