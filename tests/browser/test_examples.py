"""The pages in examples/ as a user sees them: launch from a chart, read, write, log out.

One server has all three and the page of a new project, each in a folder below /app/. It also has an
app that calls fhirclient's `ready()` after the script in docs/own-app.md.
"""

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, expect

from tests.support.app.servers import ROOT, free_port, serve, serve_app
from tests.support.browser import npm
from tests.support.browser.browser import Browser
from tests.support.browser.sound_page import violations
from tests.support.tables import each

_SECTION = (
    (ROOT / "docs/own-app.md")
    .read_text(encoding="utf-8")
    .partition("\n## An existing app\n")[2]
    .partition("\n## ")[0]
)
EXAMPLES = ("own-page", "fhirclient-page", "write-back")
SCOPES = (
    "openid fhirUser online_access patient/Patient.rs patient/Condition.rs patient/Observation.crs"
)
ALMA = "Alma Testpatient, born 1968-03-14"
_FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
_OVER = "The session has ended. Open the app again from the patient's chart."
# The weights that were written; the ids of those of the chart say that they are synthetic.
_WEIGHTS = """async () => {
  const session = new URLSearchParams(location.search).get("session");
  const query = "code=http://loinc.org|29463-7&_count=100";
  const bundle = await (await fetch(`/fhir_proxy/${session}/Observation?${query}`)).json();
  return bundle.entry.map((one) => one.resource).filter((one) => !one.id.startsWith("synthetic"));
}"""
# Drops the response to the next write, like a broken network connection.
_LOSE_THE_ANSWER = """() => {
  const real = window.fetch;
  window.fetch = async (address, options) => {
    const answer = await real(address, options);
    if (options?.method !== "POST") return answer;
    window.fetch = real;
    throw new TypeError("lost");
  };
}"""


# An app that expects to have a token.
_READY_PAGE = """<!doctype html><title>Ready</title><h1></h1>
<script src="../../fhirclient-page/fhir-client.pure.min.js"></script>
<script src="app.js"></script>"""
_READY = """FHIR.oauth2.ready()
  .then((client) => client.patient.read())
  .then((patient) => { document.querySelector("h1").textContent = patient.birthDate; });
"""
_OLDER_PAGE = """<!doctype html><title>Ready</title><h1></h1>
<script src="fhir-client.min.js"></script>
<script src="app.js"></script>"""
_OLDER_READY = """FHIR.oauth2.ready((smart) => {
  smart.patient.read().then((patient) => {
    document.querySelector("h1").textContent = `${smart.patient.id} ${patient.birthDate}`;
  });
});
"""
# A write is sent late, so that whatever is done meanwhile comes before it.
_WRITE_LATE = """() => {
  const real = window.fetch;
  window.fetch = async (address, options) => {
    if (options?.method === "POST") await new Promise((then) => setTimeout(then, 500));
    return real(address, options);
  };
}"""


@dataclass(frozen=True)
class Examples:
    """Where the pages and the simulated EHR are."""

    origin: str
    ehr: str
    log: Path

    def launch(self, page: Page) -> str:
        """Launch from a chart; the session."""
        query = "patient=synthetic-alma&client=smart-calc-demo&in=tab"
        page.goto(f"{self.ehr}/generic/start?{query}")
        page.wait_for_url(f"{self.origin}/app/**")
        return page.url.partition("session=")[2]

    def at(self, example: str, session: str) -> str:
        return f"{self.origin}/app/{example}/index.html?session={session}"

    def control(self, **asked: Any) -> None:
        answer = Browser().send(
            "POST", f"{self.ehr}/generic/_control", body=json.dumps(asked).encode()
        )
        assert answer.status == 204, answer.text


def _unpack_the_library(folder: Path) -> None:
    """Follow the steps in examples/fhirclient-page/README.md, except the download."""
    assert npm.script("fhirclient")
    fetch, unpack = re.findall(
        r"^(?:npm|tar) .*",
        (folder / "examples/fhirclient-page/README.md").read_text(),
        re.MULTILINE,
    )
    assert fetch == "npm pack fhirclient"
    shutil.copy(npm.packages()["fhirclient"].kept, folder)
    (folder / "page").symlink_to(folder / "examples/fhirclient-page")
    subprocess.run(unpack, shell=True, check=True, cwd=folder)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    folder = tmp_path_factory.mktemp("copy")
    page = folder / "examples"
    shutil.copytree(ROOT / "examples", page)
    _unpack_the_library(folder)
    (page / "new").mkdir()
    for name in ("index.html", "app.js"):
        shutil.copy(ROOT / "smart_calc/project" / name, page / "new")
    (page / "index.html").write_text("<!doctype html><title>Examples</title>")
    (page / "inline.html").write_text('<!doctype html><p style="color: red">Inline</p>')
    newer, older = re.findall(r"```js\n(.*?)```", _SECTION, re.DOTALL)
    library = npm.script("fhirclient@0.1.15")
    for name, start, ready_page, ready in (
        ("before", newer, _READY_PAGE, _READY),
        ("before-0.1", older, _OLDER_PAGE, _OLDER_READY),
    ):
        app = page / name / "the-app"
        app.mkdir(parents=True)
        script = (
            '<!doctype html><title>Before</title><script type="module" src="start.js"></script>'
        )
        (app.parent / "index.html").write_text(script)
        (app.parent / "start.js").write_text(start)
        (app / "index.html").write_text(ready_page)
        (app / "app.js").write_text(ready)
    (page / "before-0.1/the-app/fhir-client.min.js").write_text(library)
    port, ehr_port = free_port(), free_port()
    ehr_origin = f"http://127.0.0.1:{ehr_port}"
    registration = {
        "client_id": "smart-calc-demo",
        "name": "Examples",
        "redirect_uris": [f"http://localhost:{port}/callback/simulated"],
        "launch_url": f"http://localhost:{port}/launch",
        "scopes": ["launch", *SCOPES.split()],
    }
    environment = {
        "EHR_BASE_URL": ehr_origin,
        "EHR_REGISTRATIONS": json.dumps([registration]),
        "EHR_DAY": "2026-11-20",
    }
    tables = f"""
[[ehr]]
key = "simulated"
iss = ["{ehr_origin}/generic/fhir"]
client_id = "smart-calc-demo"
scopes = "{SCOPES}"
redirect_path = "/callback/simulated"
"""
    top = 'after_launch = "/app/own-page/index.html?session={session}"\nsession_cache_seconds = 0'
    with (
        serve("simulator.serve_ehr:app", "127.0.0.1", ehr_port, environment, folder),
        serve_app(folder, tables, top=top, port=port, page=page) as server,
    ):
        yield Examples(server.origin, ehr_origin, server.log)


Opened = Callable[[str], Page]


@pytest.fixture(scope="module")
def launched(chromium: Chromium, examples: Examples) -> Iterator[Opened]:
    """Opens an example in the one session of the tests that do not end it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 844})
    context.set_default_timeout(30_000)
    session = examples.launch(context.new_page())

    def opened(example: str) -> Page:
        page = context.new_page()
        page.goto(examples.at(example, session))
        return page

    yield opened
    context.close()


def answered(page: Page, below: str, *answers: tuple[int, str], method: str = "GET") -> None:
    """Answer the next requests for what begins with `below` so: status and an OperationOutcome's
    words. Those after them go to the proxy.
    """
    waiting = list(answers)

    def handle(route: Route) -> None:
        if route.request.method != method or not waiting:
            route.continue_()
            return
        status, words = waiting.pop(0)
        issue = {"severity": "error", "code": "processing", "diagnostics": words}
        route.fulfill(
            status=status,
            headers={"Retry-After": "1"},
            content_type="application/fhir+json",
            body=json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}),
        )

    page.route(f"**/fhir_proxy/*/{below}**", handle)


def message(page: Page) -> Any:
    return expect(page.get_by_role("status"))


def test_each_example_opens_on_the_patients_data_at_any_width_and_for_everybody(
    examples: Examples, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    session = examples.launch(page)
    said: list[str] = []

    def keep(one: ConsoleMessage) -> None:
        said.append(one.text)

    # A policy that refuses something says so in the console.
    page.on("console", keep)
    for example in EXAMPLES:
        page.goto(examples.at(example, session))
        expect(page.get_by_role("heading", level=1, name=ALMA)).to_be_visible()
        message(page).to_have_text("")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(_FITS), (example, width)
            assert (example, width, violations(page)) == (example, width, [])
    assert said == []


def test_the_page_of_a_new_project_shows_a_patient_without_name_and_birth_date(
    launched: Opened,
) -> None:
    page = launched("new")
    summary: dict[str, object] = {
        "name": {"text": "Alma Testpatient"},
        "born": "1968-03-14",
        "results": [],
    }
    # The function of the project runs only in a project.
    page.route("**/summary/*/", lambda route: route.fulfill(json=summary))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alma Testpatient")
    expect(page.locator("#born")).to_contain_text("born 1968-03-14")
    summary |= {"name": None, "born": None}
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patient without a name")
    expect(page.locator("#born")).to_have_text("Born on an unknown date")


def test_a_preliminary_value_is_marked_as_on_the_page_of_smart_calc(launched: Opened) -> None:
    page = launched("own-page")
    rows = page.get_by_role("table").locator("tbody tr")
    marked = rows.filter(has=page.locator(".tag.warn"))
    expect(marked).to_have_text(re.compile("Creatinine.*1.6 mg/dL.*preliminary"))
    expect(rows.filter(has_text="final").first).to_be_visible()


@each("example", EXAMPLES)
def test_without_a_session_the_page_says_what_opens_one(
    examples: Examples, desktop: BrowserContext, example: str
) -> None:
    page = desktop.new_page()
    page.goto(f"{examples.origin}/app/{example}/index.html")
    message(page).to_have_text("Open the app from a patient's chart.")
    page.goto(examples.at(example, "A" * 22))
    message(page).to_have_text(_OVER)


@each("example", EXAMPLES)
def test_access_that_has_run_out_is_renewed_behind_the_page(
    examples: Examples, launched: Opened, example: str
) -> None:
    examples.control(expire_access_tokens=True)
    page = launched(example)
    expect(page.get_by_role("heading", level=1, name=ALMA)).to_be_visible()
    message(page).to_have_text("")


@each("example", EXAMPLES)
def test_after_a_503_the_page_asks_once_more_and_then_says_why_it_stops(
    launched: Opened, example: str
) -> None:
    page = launched(example)
    answered(page, "Patient", (503, "Not now."))
    page.reload()
    expect(page.get_by_role("heading", level=1, name=ALMA)).to_be_visible()
    message(page).to_have_text("")
    answered(page, "Patient", (503, "Not now."), (503, "Still not."))
    page.reload()
    message(page).to_have_text("Still not.")


def test_logging_out_ends_the_session_and_leaves_nothing_of_the_patient_on_the_screen(
    examples: Examples, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    session = examples.launch(page)
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Logged out")).to_be_visible()
    text = page.inner_text("body")
    assert "Alma" not in text
    assert "Creatinine" not in text
    page.goto(examples.at("own-page", session))
    message(page).to_have_text(_OVER)


def test_a_session_that_ended_meanwhile_leaves_nothing_of_the_patient_either(
    examples: Examples, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    examples.launch(page)
    expect(page.get_by_role("table")).to_be_visible()
    answered(page, "session", (401, "Over."), method="DELETE")
    page.get_by_role("button", name="Log out").click()
    message(page).to_have_text(_OVER)
    assert "Creatinine" not in page.inner_text("body")


def test_fhirclient_follows_every_page_of_a_search(launched: Opened) -> None:
    page = launched("fhirclient-page")
    message(page).to_have_text("")
    expect(page.locator("#results li")).to_have_count(20)
    count = int(page.inner_text("#count").partition(" ")[0])
    assert count > 100
    expect(page.locator("#problems li").first).to_contain_text("since")


def test_an_app_that_expects_a_token_has_its_client_by_the_script_of_the_document(
    launched: Opened,
) -> None:
    for folder, shown in (("before", "1968-03-14"), ("before-0.1", "synthetic-alma 1968-03-14")):
        page = launched(folder)
        expect(page.get_by_role("heading", name=shown, exact=True)).to_be_visible()
        assert page.url.endswith(f"/app/{folder}/the-app/index.html")


def test_what_the_policy_blocks_in_the_browser_is_a_line_of_the_gateway(
    examples: Examples, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    page.goto(f"{examples.origin}/app/inline.html")
    told: list[str] = []
    until = time.monotonic() + 30
    while not told and time.monotonic() < until:
        page.wait_for_timeout(50)
        told = [one for one in examples.log.read_text().splitlines() if "page_blocked" in one]
    (line,) = told
    blocked = "(style-src-attr) blocked an inline script, handler or style"
    assert f"{blocked} at {examples.origin}/app/inline.html" in json.loads(line)["message"]


def test_without_the_library_its_page_says_where_it_comes_from(launched: Opened) -> None:
    page = launched("fhirclient-page")
    page.route("**/fhir-client.pure.min.js", lambda route: route.fulfill(status=404))
    page.reload()
    message(page).to_contain_text("see README.md")


_CHART: Any = {
    "patient": {"name": [{"text": "Alma"}], "birthDate": "1968-03-14", "gender": "female"},
    "creatinine": {"value": 0.8, "unit": "mg/dL", "code": "mg/dL"},
    "measured": "2026-11-20T08:00:00Z",
}


def opened_note(launched: Opened, chart: Any, created: tuple[int, Any]) -> tuple[Page, list[str]]:
    """The example `note`, whose function answers so, and the requests that it gets."""
    page, requests = launched("own-page"), []
    content = {"attachment": {"data": base64.b64encode(b"A note.").decode()}}
    preview = {"content": [content], "date": "2026-11-20T08:00:00Z"}

    def handle(route: Route) -> None:
        request = route.request
        requests.append(f"{request.method} {request.url.partition('?')[0].rpartition('/')[2]}")
        is_preview = request.url.endswith("/preview")
        status, body = (200, chart) if request.method == "GET" else (200, preview)
        if request.method == "POST" and not is_preview:
            status, body = created
        route.fulfill(status=status, json=body)

    page.route(re.compile(r"^http://[^/]+/note/"), handle)
    page.goto(page.url.replace("/own-page/", "/note/"))
    return page, requests


def test_a_note_whose_fate_is_unknown_may_have_been_added(launched: Opened) -> None:
    may = "The note may have been added: look in the chart before you try again. "
    for status, code, said in (
        (403, "patient_denied", f"{may}Told."),
        (502, "upstream_invalid", f"{may}Told."),
        (403, "scope_denied", "Told."),
    ):
        page, requests = opened_note(launched, _CHART, (status, {"code": code, "detail": "Told."}))
        expect(page.get_by_label("Progress note")).to_have_value(re.compile("^eGFR 8"))
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("button", name="Add to the chart").click()
        message(page).to_have_text(said)
        assert requests == ["GET ", "POST preview", "POST "]
        page.close()


def test_without_a_full_birth_date_and_time_a_note_has_no_draft(launched: Opened) -> None:
    born = {"patient": _CHART["patient"] | {"birthDate": "1968"}}
    for open_question in (born, {"measured": "2026"}):
        page, _ = opened_note(launched, _CHART | open_question, (201, {}))
        message(page).to_have_text("")
        expect(page.get_by_label("Progress note")).to_have_value("")
        page.close()


def test_a_crafted_session_reaches_no_address_of_the_note(launched: Opened) -> None:
    page, requests = opened_note(launched, _CHART, (201, {}))
    expect(page.get_by_label("Progress note")).to_be_visible()
    requests.clear()
    page.goto(f"{page.url}/?")
    message(page).to_have_text("Open the app from a patient's chart.")
    assert requests == []
    page.close()


@pytest.fixture
def preview(examples: Examples, launched: Opened) -> Iterator[Page]:
    """The example that writes, with a weight of 71.5 kg previewed, in a chart without any."""
    examples.control(forget_writes=True)
    page = launched("write-back")
    page.get_by_label("Body weight in kg").fill("71.5")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="To be written to the chart")).to_be_focused()
    assert f"Patient\n{ALMA}\nBody weight\n71.5 kg\nMeasured\n" in page.inner_text("#preview")
    assert page.evaluate(_WEIGHTS) == []
    yield page
    page.close()


def written(page: Page) -> None:
    """What was written is shown as it was read back, and it stands in the chart once."""
    message(page).to_have_text("Written.")
    expect(page.get_by_role("heading", name="As stored in the chart")).to_be_focused()
    (one,) = page.evaluate(_WEIGHTS)
    assert one["id"] in page.inner_text("#done")
    assert one["valueQuantity"]["value"] == 71.5
    assert one["subject"] == {"reference": "Patient/synthetic-alma"}
    assert one["performer"][0]["reference"].endswith("/Practitioner/synthetic-clara")


def test_a_double_click_writes_once(preview: Page) -> None:
    preview.evaluate(_WRITE_LATE)
    writes: list[str] = []
    preview.on("request", lambda one: writes.append(one.url) if one.method == "POST" else None)
    preview.get_by_role("button", name="Write to the chart").dblclick()
    written(preview)
    assert len(writes) == 1


def test_where_the_answer_was_lost_the_next_press_finds_what_was_written(preview: Page) -> None:
    preview.evaluate(_LOSE_THE_ANSWER)
    preview.get_by_role("button", name="Write to the chart").click()
    message(preview).to_have_text("We can't tell whether it was written. There was no response.")
    expect(preview.get_by_role("button", name="Change")).to_be_disabled()
    preview.get_by_role("button", name="Look in the chart, then write").click()
    written(preview)


@pytest.mark.parametrize("status", [503, 504])
def test_what_did_not_reach_the_chart_is_written_by_the_next_press(
    preview: Page, status: int
) -> None:
    answered(preview, "Observation", (status, "Not now."), method="POST")
    preview.get_by_role("button", name="Write to the chart").click()
    message(preview).to_have_text("We can't tell whether it was written. Not now.")
    preview.get_by_role("button", name="Look in the chart, then write").click()
    written(preview)


def test_what_cannot_be_looked_for_is_not_written_again(preview: Page) -> None:
    preview.evaluate(_LOSE_THE_ANSWER)
    preview.get_by_role("button", name="Write to the chart").click()
    message(preview).to_contain_text("We can't tell whether it was written.")
    answered(preview, "Observation?", (403, "No searching."))
    preview.get_by_role("button", name="Look in the chart, then write").click()
    message(preview).to_have_text("We can't tell whether it was written. No searching.")
    preview.get_by_role("button", name="Look in the chart, then write").click()
    written(preview)


def test_what_was_written_but_not_read_back_is_read_by_the_next_press(preview: Page) -> None:
    answered(preview, "Observation/", (502, "Broken."))
    preview.get_by_role("button", name="Write to the chart").click()
    message(preview).to_have_text("It was written, but could not be read back. Broken.")
    preview.get_by_role("button", name="Read it back").click()
    written(preview)


def test_a_refusal_says_that_nothing_was_written_and_lets_the_value_be_changed(
    preview: Page,
) -> None:
    answered(preview, "Observation", (403, "No scope for it."), method="POST")
    preview.get_by_role("button", name="Write to the chart").click()
    message(preview).to_have_text("Nothing was written. No scope for it.")
    preview.get_by_role("button", name="Change").click()
    expect(preview.get_by_label("Body weight in kg")).to_have_value("71.5")
    preview.get_by_role("button", name="Preview").click()
    preview.get_by_role("button", name="Write to the chart").click()
    written(preview)


def test_a_session_that_is_over_hides_the_patient_and_nothing_was_written(preview: Page) -> None:
    answered(preview, "Observation", (401, "Over."), method="POST")
    preview.get_by_role("button", name="Write to the chart").click()
    message(preview).to_have_text(f"Nothing was written. {_OVER}")
    assert "Alma" not in preview.inner_text("body")
    assert preview.evaluate(_WEIGHTS) == []
