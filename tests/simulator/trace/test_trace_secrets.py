"""The trace has no secret in full, neither from apps nor from the EHR."""

import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

from tests.simulator.app_under_test import ALMA, CHALLENGE, STATE, VERIFIER, json_of, links
from tests.simulator.token_client import SECRET, registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

READ = "application/fhir+json"
_FORM = ("code", "code_verifier", "refresh_token", "token", "client_secret", "client_assertion")
_QUERY = ("state", "launch", "code_challenge", "nonce", "access_token", "_getpages")


def traced(app: VendorApp) -> str:
    """All that the trace shows, as a reader or a program sees it."""
    listed = json.dumps(json_of(app.http.get("/_trace")), ensure_ascii=False)
    return html.unescape(app.http.get("/trace").text) + listed


def secrets_of(answer: dict[str, Any]) -> set[str]:
    names = ("access_token", "refresh_token", "id_token")
    return {str(answer[name]) for name in names if name in answer}


def spellings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}


def assert_hidden(app: VendorApp, secrets: set[str]) -> None:
    shown = traced(app)
    assert secrets
    assert [one for one in secrets if any(form in shown for form in spellings(one))] == []


@each("client_auth", ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_a_good_launch_shows_no_secret(client_auth: str) -> None:
    app = VendorApp(registration(client_auth))
    launch = app.launch()
    code = app.answer(launch, nonce="nonce-of-this-launch")["code"]
    answer = json_of(app.exchange(code))
    page = json_of(app.get(answer["access_token"], f"/Observation?patient={ALMA}", READ))
    following = links(page)["next"].removeprefix(app.at.fhir_base)
    app.get(answer["access_token"], following, READ)
    renewed = json_of(app.refresh(answer["refresh_token"]))
    app.revoke(renewed["refresh_token"])
    secrets = {launch, code, STATE, VERIFIER, CHALLENGE, SECRET, "nonce-of-this-launch"}
    recorded = json_of(app.http.get("/_recorded"))["requests"]
    secrets |= {value for one in recorded for name, value in one["form"] if name in _FORM}
    secrets |= {
        value
        for one in recorded
        for name, value in one["headers"]
        if name == "Authorization" and "Basic" in value
    }
    secrets.add(following.partition("_getpages=")[2].partition("&")[0])
    assert_hidden(app, secrets | secrets_of(answer) | secrets_of(renewed))


def test_wrong_values_are_not_shown_in_full_either() -> None:
    app = VendorApp(registration("client_secret_post"))
    wrong = {name: f"wrong-{name}-of-this-test" for name in (*_FORM, *_QUERY)}
    app.authorize(wrong["launch"], state=wrong["state"], code_challenge=wrong["code_challenge"])
    app.authorize(app.launch(), state="é" * 30, nonce=wrong["nonce"], aud=None)
    app.exchange(wrong["code"], client_secret=wrong["client_secret"])
    app.exchange(wrong["code"])
    app.exchange(app.code(), code_verifier=wrong["code_verifier"])
    app.exchange(
        app.code(),
        client_secret=None,
        client_assertion=wrong["client_assertion"],
        client_assertion_type="x",
    )
    app.refresh(wrong["refresh_token"])
    app.revoke(wrong["token"])
    app.get(wrong["access_token"], f"/Patient/{ALMA}", READ)
    app.get(None, f"?_getpages={wrong['_getpages']}&_page=1", READ)
    app.get(None, f"/Patient?_id={ALMA}&access_token={wrong['access_token']}", READ)
    app.http.post(f"/generic/token?code={wrong['code']}")
    assert_hidden(app, set(wrong.values()))


@each("state", ["a", "ab", "abcdef", "abcdefgh"])
def test_of_a_short_secret_at_most_half_is_shown(state: str) -> None:
    app = VendorApp()
    app.authorize(app.launch(), state=state)
    entry = json_of(app.http.get("/_trace"))["requests"][-1]
    (line,) = [check for check in entry["checks"] if check["about"] == "state"]
    assert line["text"].startswith(f"{state[: len(state) // 2]}… ")
