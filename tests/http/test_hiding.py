"""Sensitive values: hidden on an item's page until somebody asks, and then the trail says who."""

from tests.factories.site import BASE, Site

SECRET = "DE02120300000000202051"
ACTION = {"name": "pay", "args": {"iban": SECRET, "to": "Jo"}}


def test_they_are_shown_on_asking_and_that_is_noted(site: Site) -> None:
    site.define_addresses()
    site.add_person("lea", ["lead"])
    output = {"city": "Paris", "iban": SECRET}
    assert site.call("POST", "/task-types", {"name": "payments"}).status == 201
    body = {"task_type": "payments", "output": output, "actions": [ACTION], "sensitive": ["/iban", "/nothing"]}
    made = site.call("POST", "/submissions", body).body["id"]
    assert site.call("GET", f"/submissions/{made}").body["output"] == output
    item = site.call("POST", "/claims", {}, key="ada").body["item"]
    assert item["output"] == output
    browser = site.app.test_client()
    browser.post(site.sign_in_path("lea"), base_url=BASE, headers={"Origin": BASE})
    page = browser.get(f"/items/{item['id']}", base_url=BASE).get_data(as_text=True)
    assert SECRET not in page
    assert page.count("••••••") == 2
    assert "Paris" in page
    shown = browser.post(f"/items/{item['id']}/reveal", base_url=BASE, headers={"Origin": BASE}).get_data(as_text=True)
    assert shown.count(SECRET) >= 2
    types = [event["type"] for event in site.call("GET", "/audit?limit=200").body["data"]]
    assert types.count("submission.revealed") == 1
