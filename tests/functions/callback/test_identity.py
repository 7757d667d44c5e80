"""Who is signed in: verified before a session opens, shown to the app, told apart in cookies."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.app import callbacks
from tests.support.app.app import App
from tests.support.app.deployment import NO_EHR, Deployment
from tests.support.app.servers import serve_app
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.id_tokens import compact, part
from tests.support.ehr.identity import (
    CLIENT_ID,
    KEYS,
    REVOKE,
    Signer,
    context_of,
    handle_of,
    sign_in,
    signing_key,
)
from tests.support.ehr.scripted_ehr import HANG_UP, Scripted, ScriptedEhr, as_json
from tests.support.tables import each

DOCUMENT = "/.well-known/smart-configuration"
OPENID = "/.well-known/openid-configuration"
PREFIX = "__Host-smart-"
PINNED_ISSUER = "https://identity.example/realm/"


def _ehr(key: str, group: str, scripted: ScriptedEhr, more: str = "") -> str:
    return f"""
[[ehr]]
key = "{key}"
redirect_path = "/callback/{key}"
iss = ["{scripted.origin}/{group}/*"]
client_id = "{CLIENT_ID}"
scopes = "openid fhirUser patient/*.rs"
{more}
"""


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("identity")
    store = folder / "smart.db"
    ehrs = (
        _ehr("identity", "i", scripted)
        + _ehr("oracle", "o", scripted, 'vendor = "oracle"')
        + _ehr("pinned", "p", scripted, f'id_token_issuer = "{PINNED_ISSUER}"')
        + _ehr("no-user", "s", scripted).replace("openid fhirUser ", "")
    )
    with serve_app(folder, ehrs, store=store) as server:
        yield Deployment(App(server.origin, server, NO_EHR, scripted), server, store, "")


@pytest.fixture(scope="module")
def app(deployment: Deployment) -> App:
    return deployment.first


@pytest.fixture
def signer(scripted: ScriptedEhr) -> Signer:
    return Signer(scripted.tenant("i"))


def _user_of(app: App, callback: Answer, browser: Browser) -> Any:
    return context_of(app, callback, browser)["user"]


def _refused(app: App, answer: Answer, browser: Browser) -> dict[str, object]:
    return callbacks.failed(app, answer, browser, "id_token_invalid")


# Who it is


@each(
    ("claimed", "told"),
    [("Practitioner/pr1", "{base}/Practitioner/pr1"), ("https://other.example/r4/Person/1", None)],
)
def test_the_app_is_told_who_is_signed_in(
    app: App, browser: Browser, scripted: ScriptedEhr, claimed: str, told: str | None
) -> None:
    signer = Signer(scripted.tenant("i"))
    user = _user_of(app, sign_in(app, signer, browser, fhirUser=claimed), browser)
    expected = told and told.replace("{base}", signer.tenant.base)
    assert user == {"sub": "user-1", "fhirUser": expected, "name": "Test Clinician"}


def test_neither_the_user_nor_the_token_is_logged_or_stored_in_the_open(
    deployment: Deployment, browser: Browser, signer: Signer
) -> None:
    app = deployment.first
    told = {"sub": "sentinel-sub", "fhirUser": "Person/sentinel", "name": "Sentinel Name"}
    answer = sign_in(app, signer, browser, **told)
    assert context_of(app, answer, browser)["user"]["sub"] == "sentinel-sub"
    kept = app.server.log.read_text() + str(deployment.records("sessions"))
    assert "entinel" not in kept
    assert not [p for p in signer.tenant.token["id_token"].split(".")[1:] if p in kept]


def test_the_issuer_may_be_another_address_than_the_fhir_base(
    app: App, browser: Browser, signer: Signer
) -> None:
    issuer = f"{app.scripted.origin}/issuer-of-its-own"
    signer.tenant.discovery["issuer"] = issuer
    begun = app.begin(signer.tenant, browser)
    signer.tenant.token["id_token"] = signer.id_token(begun.query["nonce"], iss=issuer)
    answer = callbacks.get(app, browser, begun, "code=c1")
    assert _user_of(app, answer, browser)["sub"] == "user-1"


# Without an id_token


def test_openid_granted_without_an_id_token_opens_a_session_without_a_user(
    app: App, browser: Browser, signer: Signer
) -> None:
    answer = callbacks.launch(app, signer.tenant, browser)
    assert _user_of(app, answer, browser) is None
    (line,) = callbacks.log_lines(app, answer)
    assert (line["event"], line["severity"]) == ("callback_completed", "WARNING")
    assert "there was no id_token" in str(line["message"])
    assert signer.tenant.hits(KEYS) == []


def test_without_openid_granted_nobody_misses_an_id_token(
    app: App, browser: Browser, signer: Signer
) -> None:
    signer.tenant.token["scope"] = "launch patient/*.rs"
    answer = callbacks.launch(app, signer.tenant, browser)
    assert _user_of(app, answer, browser) is None
    (line,) = callbacks.log_lines(app, answer)
    assert line["event"] == "callback_completed"
    assert "id_token" not in str(line)


def test_an_id_token_that_nobody_asked_for_is_not_looked_at(
    app: App, browser: Browser, scripted: ScriptedEhr
) -> None:
    signer = Signer(scripted.tenant("s"))
    signer.tenant.token["id_token"] = "not.a.token"
    answer = callbacks.launch(app, signer.tenant, browser)
    assert _user_of(app, answer, browser) is None
    assert signer.tenant.hits(KEYS) == []


# The nonce


def test_a_nonce_of_its_own_goes_with_every_launch_and_only_with_openid(
    app: App, browser: Browser, signer: Signer, scripted: ScriptedEhr
) -> None:
    nonces = {app.begin(signer.tenant, browser).query["nonce"] for _ in range(5)}
    assert len(nonces) == 5
    assert "nonce" not in app.begin(scripted.tenant("s"), browser).query


def test_a_missing_nonce_is_accepted_and_logged(app: App, browser: Browser, signer: Signer) -> None:
    answer = sign_in(app, signer, browser, nonce=None)
    assert _user_of(app, answer, browser)["sub"] == "user-1"
    events = [line["event"] for line in callbacks.log_lines(app, answer)]
    assert events == ["nonce_missing", "callback_completed"]


def test_the_nonce_of_another_launch_of_the_same_browser_is_refused(
    app: App, browser: Browser, signer: Signer
) -> None:
    other = app.begin(signer.tenant, browser).query["nonce"]
    begun = app.begin(signer.tenant, browser)
    signer.tenant.token["id_token"] = signer.id_token(other)
    answer = app.answer(begun, signer.tenant, browser)
    callbacks.refused(answer, "id_token_invalid", 502)


# Forgeries: each makes a token out of a signer, proper claims and a stranger's FHIR base. All
# others are in tests/shared/oidc.


def _signed(signer: Signer, claims: dict[str, Any]) -> str:
    return compact(signer.header(), claims, signer.key, signer.alg)


def _by_thief(signer: Signer, claims: dict[str, Any], **header: object) -> str:
    return compact(signer.header(**header), claims, signing_key("RS256", "a thief"), "RS256")


Forgery = Callable[[Signer, dict[str, Any], str], str]
FORGERIES: dict[str, Forgery] = {
    "alg none": lambda signer, claims, _: f"{part(signer.header(alg='none'))}.{part(claims)}.",
    "another key, same kid": lambda signer, claims, _: _by_thief(signer, claims),
    "jku": lambda signer, claims, thief: _by_thief(signer, claims, jku=thief + KEYS, kid="t1"),
    "iss of a stranger": lambda signer, claims, thief: _by_thief(signer, claims | {"iss": thief}),
    "aud of another app": lambda s, claims, _: _signed(s, claims | {"aud": "another"}),
    "wrong nonce": lambda s, claims, _: _signed(s, claims | {"nonce": "another"}),
    "opaque": lambda signer, claims, _: "opaque",
}


@each("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_opens_nothing_and_its_access_is_given_back(
    deployment: Deployment, browser: Browser, scripted: ScriptedEhr, forge: Forgery
) -> None:
    signer = Signer(scripted.tenant("i"))
    app, tenant, thief = deployment.first, signer.tenant, deployment.first.scripted.tenant("t")
    sessions, strangers = deployment.records("sessions"), len(app.scripted.strangers)
    begun = app.begin(tenant, browser)
    token = forge(signer, signer.claims(begun.query["nonce"]), thief.base)
    tenant.token |= {"id_token": token, "refresh_token": "the-refresh-token"}
    line = _refused(app, app.answer(begun, tenant, browser), browser)
    assert deployment.records("sessions") == sessions
    (revocation,) = tenant.hits(REVOKE)
    assert revocation.method == "POST"
    assert revocation.form == {
        "token": "the-refresh-token",
        "token_type_hint": "refresh_token",
        "client_id": CLIENT_ID,
    }
    assert line["revoked"] == "true"
    assert token not in str(line)
    assert thief.received == []
    assert len(app.scripted.strangers) == strangers
    assert {request.path for request in tenant.received} <= {DOCUMENT, "/auth/token", KEYS, REVOKE}
    callbacks.refused(app.answer(begun, tenant, browser), "state_unknown")
    assert len(tenant.hits("/auth/token")) == 1


def test_the_claims_of_the_forgeries_are_taken_where_nothing_is_forged(
    app: App, browser: Browser, signer: Signer
) -> None:
    begun = app.begin(signer.tenant, browser)
    signer.tenant.token["id_token"] = _signed(signer, signer.claims(begun.query["nonce"]))
    assert app.answer(begun, signer.tenant, browser).status == 303


def test_without_a_refresh_token_the_access_token_is_given_back(
    app: App, browser: Browser, signer: Signer
) -> None:
    _refused(app, sign_in(app, signer, browser, nonce="another"), browser)
    (revocation,) = signer.tenant.hits(REVOKE)
    assert revocation.form == {
        "token": signer.tenant.access_token,
        "token_type_hint": "access_token",
        "client_id": CLIENT_ID,
    }


@each("answer", [None, Scripted(400), HANG_UP])
def test_access_that_cannot_be_given_back_changes_nothing_of_the_refusal(
    app: App, browser: Browser, scripted: ScriptedEhr, answer: Scripted | None
) -> None:
    signer = Signer(scripted.tenant("i"))
    if answer is None:
        del signer.tenant.discovery["revocation_endpoint"]
    else:
        signer.tenant.on(REVOKE, answer)
    line = _refused(app, sign_in(app, signer, browser, aud="another"), browser)
    assert line["revoked"] == "false"
    assert len(signer.tenant.hits(REVOKE)) == (answer is not None)


# Whose token it must be, and whose keys: what is configured and found is passed on. The rules are
# tested in tests/shared/oidc/test_id_token_trust.py.


def test_at_oracle_the_issuer_may_be_an_identity_provider_of_the_tenant(
    app: App, browser: Browser, scripted: ScriptedEhr
) -> None:
    signer, other = Signer(scripted.tenant("o")), scripted.tenant("o")
    end = "/oidc/idsps/idp-1/"
    answer = sign_in(app, signer, browser, iss=signer.tenant.base + end)
    assert _user_of(app, answer, browser)["sub"] == "user-1"
    elsewhere = Signer(scripted.tenant("i"))
    for one, iss in ((signer, other.base + end), (elsewhere, elsewhere.tenant.base + end)):
        callbacks.refused(sign_in(app, one, Browser(), iss=iss), "id_token_invalid", 502)
    assert other.received == []


def test_a_configured_issuer_stands_in_place_of_the_discovered_one(
    app: App, browser: Browser, scripted: ScriptedEhr
) -> None:
    signer = Signer(scripted.tenant("p"))
    answer = sign_in(app, signer, browser, iss=PINNED_ISSUER)
    assert _user_of(app, answer, browser)["sub"] == "user-1"
    answer = sign_in(app, signer, Browser(), iss=signer.tenant.base)
    callbacks.refused(answer, "id_token_invalid", 502)


def test_without_a_jwks_uri_the_issuers_openid_document_names_the_keys(
    app: App, browser: Browser, signer: Signer
) -> None:
    tenant = signer.tenant
    del tenant.discovery["jwks_uri"]
    tenant.on(OPENID, as_json({"issuer": tenant.base, "jwks_uri": tenant.base + KEYS}))
    answer = sign_in(app, signer, browser)
    assert _user_of(app, answer, browser)["sub"] == "user-1"
    # The app doesn't request known keys again.
    assert sign_in(app, signer, browser).status == 303
    assert (len(tenant.hits(OPENID)), len(tenant.hits(KEYS))) == (1, 1)


def test_without_the_ehrs_keys_nobody_is_signed_in(
    app: App, browser: Browser, signer: Signer
) -> None:
    signer.tenant.on(KEYS, Scripted(500))
    line = _refused(app, sign_in(app, signer, browser), browser)
    assert line["revoked"] == "true"


# How users are told apart in cookies


def _tag(callback: Answer, browser: Browser) -> str:
    return browser.cookies()[PREFIX + handle_of(callback)].split(".")[1]


def test_the_cookie_of_a_user_carries_the_same_tag_at_every_launch(
    app: App, browser: Browser, signer: Signer
) -> None:
    tags = {_tag(sign_in(app, signer, browser, name=name), browser) for name in ("A", "B")}
    (tag,) = tags
    assert len(tag) == 8
    assert _tag(sign_in(app, signer, browser, fhirUser="Practitioner/pr2"), browser) != tag


def test_the_same_sub_at_another_issuer_is_another_user(
    app: App, browser: Browser, scripted: ScriptedEhr
) -> None:
    one, two = (Signer(scripted.tenant("i")) for _ in range(2))
    first = sign_in(app, one, browser)
    tag = _tag(first, browser)
    second = sign_in(app, two, browser)
    assert _tag(second, browser) != tag
    assert set(browser.cookies()) == {PREFIX + handle_of(second)}


def test_at_a_launch_the_cookies_of_all_others_go_and_ones_own_stay(
    app: App, browser: Browser, signer: Signer, scripted: ScriptedEhr
) -> None:
    strange = sign_in(app, signer, browser, fhirUser="Practitioner/pr2")
    ones = [sign_in(app, signer, browser) for _ in range(2)]
    assert set(browser.cookies()) == {PREFIX + handle_of(answer) for answer in ones}
    cleared = next(line for line in ones[0].all("Set-Cookie") if line.startswith(PREFIX))
    assert cleared.startswith(f"{PREFIX}{handle_of(strange)}=; Max-Age=0; ")
    for answer in ones:
        assert _user_of(app, answer, browser)["sub"] == "user-1"
    nobodys = callbacks.launch(app, scripted.tenant("s"), browser)
    assert set(browser.cookies()) == {PREFIX + handle_of(nobodys)}
    ones_again = sign_in(app, signer, browser)
    assert set(browser.cookies()) == {PREFIX + handle_of(ones_again)}


def test_a_refused_launch_clears_nobodys_session(
    app: App, browser: Browser, signer: Signer
) -> None:
    ones = sign_in(app, signer, browser)
    refused = sign_in(app, signer, browser, fhirUser="Practitioner/pr2", aud="another")
    callbacks.refused(refused, "id_token_invalid", 502)
    assert set(browser.cookies()) == {PREFIX + handle_of(ones)}
