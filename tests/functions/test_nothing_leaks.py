"""No token, code, verifier, state or secret in any log or in any byte that a browser keeps."""

import base64
from urllib.parse import quote

from tests.support.app.app import App
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.ehr.scripted_ehr import Scripted, as_json

CODE = "sentinel-code+/=" + "c" * 24
LAUNCH = "sentinel-launch+/=" + "l" * 24


def _forms(secret: str) -> set[str]:
    """A secret as it might be found: plain, percent-encoded, in base64."""
    encoded = base64.b64encode(secret.encode()).decode()
    url_encoded = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), quote(secret), encoded.rstrip("="), url_encoded}


def _shown(answer: Answer) -> str:
    """What a page's script or a bystander could read: all but cookies and the EHR's address."""
    kept = [f"{n}: {v}" for n, v in answer.headers if n not in {"Set-Cookie", "Location"}]
    return "\n".join([*kept, answer.text])


def test_a_whole_run_shows_no_secret_to_log_or_browser(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    tenant.token |= {
        "refresh_token": "sentinel-refresh-" + "r" * 24,
        "id_token": "sentinel.id.token" + "i" * 24,
        "__secret": "sentinel-extension-" + "x" * 24,
    }
    answers: list[Answer] = []

    def keep(answer: Answer) -> Answer:
        answers.append(answer)
        return answer

    begun = keep(app.begin(tenant, browser, LAUNCH))
    state = begun.query["state"]
    binding = list(browser.cookies().values())
    done = keep(app.answer(begun, tenant, browser, CODE))
    assert done.status == 303
    handle = done.location.rstrip("/").rpartition("/")[2]
    session_secret = browser.cookies()[f"__Host-smart-{handle}"].rpartition(".")[2]
    verifier = tenant.hits("/auth/token")[0].form["code_verifier"]

    proxy = f"{app.origin}/fhir_proxy/{handle}"
    keep(browser.send("GET", done.location, NAVIGATION))
    for path in ("session", "Patient/p1", "Patient/p2", "Patient?name=x", "Nonsense", "metadata"):
        keep(browser.fetch(f"{proxy}/{path}"))
    keep(app.answer(begun, tenant, browser, CODE))  # the same callback again
    keep(browser.get(f"{app.origin}/callback?state={state}&error=x&error_description={state}"))
    failing = keep(app.begin(tenant, browser, LAUNCH))
    tenant.on("/auth/token", as_json({"error": "invalid_grant", "code": CODE}, 400))
    keep(app.answer(failing, tenant, browser, CODE))
    odd = keep(app.begin(tenant, browser, LAUNCH))
    tenant.on("/auth/token", Scripted(502, {"Content-Type": "text/html"}, CODE.encode()))
    keep(app.answer(odd, tenant, browser, CODE))

    secrets = {
        "access token": tenant.access_token,
        "refresh token": tenant.token["refresh_token"],
        "id token": tenant.token["id_token"],
        "extension": tenant.token["__secret"],
        "code": CODE,
        "verifier": verifier,
        "binding cookie": binding[0],
        "session secret": session_secret,
        "launch": LAUNCH,
    }
    log = app.server.log.read_text(encoding="utf-8")
    for name, secret in secrets.items():
        for form in _forms(secret):
            assert form not in log, f"the log holds the {name}"
            for answer in answers:
                assert form not in _shown(answer), f"{answer.url} shows the {name}"
    for begun_one in (begun, failing, odd):
        assert begun_one.query["state"] not in log
    assert all(state not in _shown(answer) for answer in answers)
    # Where a redirect leads the EHR's own launch value and our state go, and nothing else of these.
    for name in ("access token", "refresh token", "code", "verifier", "session secret"):
        for answer in answers:
            location = answer.header("Location") or ""
            assert not any(form in location for form in _forms(secrets[name]))


def test_patient_ids_and_queries_stay_out_of_the_log(app: App) -> None:
    tenant = app.scripted.tenant()
    patient = "sentinel-patient-7391"
    tenant.token["patient"] = patient
    tenant.resources[f"Patient/{patient}"] = {
        "resourceType": "Patient",
        "id": patient,
        "name": [{"family": "Sentinelname"}],
    }
    launched = app.launch(tenant)
    launched.browser.open(launched.callback.location)
    for path in (f"Patient/{patient}", f"Observation?patient={patient}&code=sentinel-query-55"):
        launched.browser.fetch(f"{launched.fhir_base}/{path}")
    log = app.server.log.read_text(encoding="utf-8")
    assert [word for word in (patient, "Sentinelname", "sentinel-query-55") if word in log] == []
