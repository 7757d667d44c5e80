"""Two apps at one EHR in one browser: each launch URL opens its own app, and the apps share no
patient, token or choice of calculators.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

from tests.support.app.app import App
from tests.support.app.deployment import NO_EHR
from tests.support.app.servers import free_port, serve_app
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer, Browser
from tests.support.ehr.cds import CdsEhr, client_table
from tests.support.ehr.identity import Signer, handle_of
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, as_fhir, as_json
from tests.support.tables import each

PATHS = {"one": "/launch", "two": "/launch/two"}
AFTER = {"one": "/smart_calc/{}/", "two": "/app/two/?session={}"}
# Nothing listens there.
THREE, FOUR = f"{NO_EHR}/three", f"{NO_EHR}/four"


def entry(key: str, iss: str, more: str) -> str:
    own = f'client_id = "client-{key}"\nscopes = "openid fhirUser patient/*.rs"\n'
    return f'[[ehr]]\nkey = "{key}"\niss = ["{iss}"]\n{own}{more}\n'


@pytest.fixture(scope="module")
def calling(scripted: ScriptedEhr) -> CdsEhr:
    """The EHR as a client of the CDS service, where public_url is known before the app runs."""
    origin = f"http://localhost:{free_port()}"
    return CdsEhr.at(origin, scripted.tenant("both"), "https://cds.test")


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr, calling: CdsEhr
) -> Iterator[App]:
    both = f"{scripted.origin}/both/*"
    opens_two = f'launch_path = "/launch/two"\nafter_launch = "{AFTER["two"]}"\n'
    opens_two = opens_two.replace("{}", "{session}")
    tables = (
        entry("one", both, "")
        + entry("two", both, f'{opens_two}calculators_off = ["bmi"]\ncards = ["egfr_ckd_epi_2021"]')
        + entry("three", THREE, 'redirect_path = "/callback/three"')
        + entry("four", FOUR, 'redirect_path = "/callback/four"\nlaunch_path = "/launch/four"')
        + "standalone = true\n"
        + client_table("main", "two", calling)
    )
    port = int(calling.origin.rpartition(":")[2])
    top = 'calculators_off = ["has_bled"]\ncards = []'
    folder = tmp_path_factory.mktemp("apps")
    with serve_app(folder, tables, top=top, port=port) as server:
        yield App(server.origin, server, NO_EHR, scripted)


@dataclass
class Ehr:
    """One EHR that gives each app its own access token and `sub`, in one browser."""

    app: App
    signer: Signer
    browser: Browser = field(default_factory=Browser)

    def launch(self, key: str, patient: str, **claims: object) -> str:
        """Launch an app from a patient's chart. Return the session's handle."""
        tenant, signer = self.signer.tenant, self.signer
        address = f"{self.app.origin}{PATHS[key]}?iss={quote(tenant.base, safe='')}&launch=x"
        begun = self.browser.get(address)
        client, nonce = f"client-{key}", begun.query["nonce"]
        assert begun.query["client_id"] == client
        token = f"token-of-{key}"

        def exchanged(request: Received) -> Scripted:
            proper = {"aud": client, "sub": f"user of {key}"}
            given = {"access_token": token, "patient": patient}
            if request.form["client_id"] != client:
                return as_json({"error": "invalid_client"}, 401)
            given["id_token"] = signer.id_token(nonce, **{**proper, **claims})
            return as_json({**tenant.token, **given})

        tenant.on("/auth/token", exchanged)
        completed = self.app.answer(begun, tenant, self.browser)
        handle = completed.location.partition("=")[2] or handle_of(completed)
        assert completed.location == self.app.origin + AFTER[key].format(handle)
        return handle

    def read(self, handle: str, patient: str) -> tuple[int, str]:
        """Return the status of a read, and the access token that the EHR got."""
        tenant = self.signer.tenant
        tenant.received.clear()
        tenant.on(f"/Patient/{patient}", as_fhir({"resourceType": "Patient", "id": patient}))
        answer = self.browser.fetch(f"{self.app.origin}/fhir_proxy/{handle}/Patient/{patient}")
        sent = [one.headers["Authorization"] for one in tenant.hits(f"/Patient/{patient}")]
        return answer.status, "".join(sent)


@pytest.fixture
def ehr(app: App, scripted: ScriptedEhr) -> Ehr:
    return Ehr(app, Signer(scripted.tenant("both")))


@each("patients", [("p1", "p1"), ("p1", "p2")], ids=["same patient", "two patients"])
@each("ending", ["one", "two"])
def test_two_apps_in_one_browser_keep_to_their_own_patient_and_token_until_each_logs_out(
    ehr: Ehr, patients: tuple[str, str], ending: str
) -> None:
    at = dict(zip(PATHS, patients, strict=True))
    handles = {key: ehr.launch(key, patient) for key, patient in at.items()}
    for key, handle in handles.items():
        context = ehr.browser.fetch(f"{ehr.app.origin}/fhir_proxy/{handle}/session").json()
        assert (context["ehr"], context["patient"]) == (key, at[key])
        assert ehr.read(handle, at[key]) == (200, f"Bearer token-of-{key}")
    if patients[0] != patients[1]:
        assert ehr.read(handles["one"], at["two"]) == (403, "")
        assert ehr.read(handles["two"], at["one"]) == (403, "")
    (staying,) = PATHS.keys() - {ending}
    out = f"{ehr.app.origin}/fhir_proxy/{handles[ending]}/session"
    assert ehr.browser.send("DELETE", out, OWN_FETCH).status == 204
    assert ehr.read(handles[ending], at[ending])[0] == 401
    assert ehr.read(handles[staying], at[staying]) == (200, f"Bearer token-of-{staying}")


def test_a_user_is_told_by_fhir_user_since_each_app_may_get_another_sub(ehr: Ehr) -> None:
    ones = ehr.launch("one", "p1", sub="pairwise-1", fhirUser="Practitioner/a")
    also = ehr.launch("two", "p1", sub="pairwise-2", fhirUser="Practitioner/a")
    assert [ehr.read(one, "p1")[0] for one in (ones, also)] == [200, 200]
    other = ehr.launch("two", "p1", sub="pairwise-2", fhirUser="Practitioner/b")
    assert [ehr.read(one, "p1")[0] for one in (ones, also, other)] == [401, 401, 200]
    # Without fhirUser, the only evidence is the sub.
    bare = ehr.launch("one", "p1", sub="s", fhirUser=None)
    assert [ehr.read(one, "p1")[0] for one in (other, bare)] == [401, 200]
    same = ehr.launch("two", "p1", sub="s", fhirUser=None)
    assert [ehr.read(one, "p1")[0] for one in (bare, same)] == [200, 200]


@each(
    ("path", "query", "status", "code"),
    [
        ("/launch/two", f"iss={THREE}&launch=x", 400, "iss_not_allowed"),
        ("/launch", f"iss={FOUR}&launch=x", 400, "iss_not_allowed"),
        ("/launch/four", f"iss={THREE}&launch=x", 400, "iss_not_allowed"),
        ("/launch/two", "iss=https://stranger.test&launch=x", 400, "iss_not_allowed"),
        ("/launch/four", "ehr=four", 400, "parameter_invalid"),
        ("/launch", "ehr=four", 502, "discovery_failed"),
        ("/launch/two", "launch=x", 400, "iss_missing"),
        ("/launch/one", f"iss={THREE}&launch=x", 404, "not_found"),
        ("/launch/nobody", f"iss={THREE}&launch=x", 404, "not_found"),
        ("/launch/two/", f"iss={THREE}&launch=x", 404, "not_found"),
        ("/launch/two/jwks.json", "", 404, "not_found"),
    ],
)
def test_a_launch_url_is_its_own_registration_alone(
    app: App, browser: Browser, path: str, query: str, status: int, code: str
) -> None:
    answer = browser.get(f"{app.origin}{path}?{query}")
    assert (answer.status, answer.code) == (status, code)
    assert answer.all("Set-Cookie") == []


def test_a_launch_that_came_to_another_apps_url_says_which_url_to_register(
    app: App, browser: Browser
) -> None:
    answer = browser.get(f"{app.origin}/launch?iss={FOUR}&launch=x")
    assert f"`{app.origin}/launch/four`" in answer.json()["detail"]
    assert "/launch/four" not in browser.get(f"{app.origin}/launch/two?iss={THREE}").text


@each(("method", "more", "status"), [("POST", {}, 405), ("GET", {"Sec-Purpose": "prefetch"}, 204)])
def test_a_launch_url_of_its_own_refuses_what_launch_refuses(
    app: App, browser: Browser, method: str, more: dict[str, str], status: int
) -> None:
    address = f"{app.origin}/launch/two?iss={THREE}&launch=x"
    assert browser.send(method, address, {**NAVIGATION, **more}).status == status


def recalculated(ehr: Ehr, handle: str, name: str) -> Answer:
    return ehr.browser.send(
        "POST",
        f"{ehr.app.origin}/smart_calc/{handle}/{name}",
        {**OWN_FETCH, "Content-Type": "application/json"},
        json.dumps({"inputs": {}}).encode(),
    )


@pytest.mark.calculators
def test_each_app_has_its_own_choice_of_calculators(ehr: Ehr) -> None:
    statuses = {
        key: [recalculated(ehr, handle, name).status for name in ("bmi", "has_bled")]
        for key, handle in ((key, ehr.launch(key, "p1")) for key in PATHS)
    }
    assert statuses == {"one": [200, 404], "two": [404, 200]}


@pytest.mark.calculators
def test_a_card_has_its_clients_choice_and_links_to_its_clients_app(
    ehr: Ehr, calling: CdsEhr
) -> None:
    (card,) = calling.cards()
    (link,) = card["links"]
    assert link["url"] == f"{ehr.app.origin}/launch/two"
