"""The app's page in a real browser: values are changed, sessions end, parts of the chart are not
read, and everything stays within reach of the keyboard and of a screen reader.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, expect

from clinical.dates import shown
from tests.support.app.app import App
from tests.support.app.endings import EndableApp, launch_in, serve_endable
from tests.support.browser.sound_page import fits, violations
from tests.support.charts.app_chart import (
    CREATININE,
    PATIENT,
    answering,
    bundle,
    days_ago,
    tenant_of,
)
from tests.support.charts.chart_resources import condition, order
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, Tenant, as_fhir

EGFR = "egfr_ckd_epi_2021"
OVER = "The session has ended"
WHAT_TO_DO = "Launch the app again from the patient's chart."
GRANT_REFUSED = Scripted(400, {"Content-Type": "application/json"}, b'{"error": "invalid_grant"}')
# A second passes when a test calls it. (`page.clock` would stay in the tabs of later tests.)
SECONDS_BY_HAND = """() => {
  const real = setTimeout;
  window.setTimeout = (then, after, ...given) => {
    if (after !== 1000) return real(then, after, ...given);
    window.second = () => then(...given);
  };
}"""
REFUSED_BY_EHR = as_fhir({"resourceType": "OperationOutcome", "issue": []}, 403)


@pytest.fixture(scope="module")
def endable(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[EndableApp]:
    with serve_endable(tmp_path_factory.mktemp("endable"), scripted) as running:
        yield running


@pytest.fixture(scope="module")
def tab(chromium: Chromium) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 844})
    context.set_default_timeout(30_000)
    page = context.new_page()
    # The browser asks before typed values are lost.
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    context.close()


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """A tab without cookies. The pages keep nothing else in the browser, so it is the same one: a
    profile for each test takes a second of the processor.
    """
    yield tab
    tab.context.set_offline(False)
    tab.emulate_media(media="null")
    tab.goto("about:blank")
    tab.context.clear_cookies()


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser has against the page: policies it breaks, errors of its scripts.

    An answer that is an error is the test's own doing.
    """
    messages: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            messages.append(message.text)

    def on_error(error: Error) -> None:
        messages.append(str(error))

    page.on("console", on_console)
    page.on("pageerror", on_error)
    yield messages
    page.remove_listener("console", on_console)
    page.remove_listener("pageerror", on_error)


def opened(page: Page, name: str) -> Locator:
    """A row of the list, opened."""
    row = page.locator(f"#{name}")
    row.locator("summary").first.click()
    return row


def read_all_results(page: Page) -> None:
    opened(page, "values").get_by_role("button", name="All results: Laboratory").click()


def note(row: Locator) -> Locator:
    """The text of an open calculator that is copied."""
    return row.locator("[data-note-text]")


def enter(page: Page, text: str) -> None:
    """Type another creatinine, which is computed at once."""
    page.locator(f"#{EGFR}-creatinine").fill(text)


def outline(page: Page) -> float:
    """Return the width of the focused element's outline in pixels, or 0 if it has none."""
    width, style = page.evaluate(
        "() => { const drawn = getComputedStyle(document.activeElement);"
        " return [parseFloat(drawn.outlineWidth), drawn.outlineStyle]; }"
    )
    return 0.0 if style == "none" else float(width)


def _with_nothing(tenant: Tenant) -> Tenant:
    for path in ("/Observation", "/Condition", "/MedicationRequest"):
        tenant.on(path, as_fhir(bundle()))
    tenant.resources["Patient/p1"] = {"resourceType": "Patient", "id": "p1"}
    return tenant


def test_a_changed_value_is_computed_marked_noted_and_undone(
    app: App, page: Page, complaints: list[str]
) -> None:
    launch_in(page, app, tenant_of(app))
    calculator = opened(page, EGFR)
    headline, about = calculator.locator(".headline"), calculator.locator(".outcome .about")
    charted = headline.inner_text()
    enter(page, "2,0")
    expect(headline).not_to_have_text(charted)
    expect(about).to_have_text("1 value edited, not from the chart; 2 chart values")
    day = shown(CREATININE["effectiveDateTime"])
    expect(calculator.get_by_text("edited, was 1.5 mg/dL")).to_be_visible()
    expect(headline).to_contain_text("was 51 by the chart")
    source = calculator.locator('[data-name="creatinine"] .from')
    source.locator("summary").click()
    expect(source).to_contain_text(f"In the chart: 1.5 mg/dL, {day}")
    expect(calculator.locator("> summary")).to_contain_text("edited")
    expect(calculator.locator('[data-name="creatinine"] .when')).to_be_hidden()
    expect(note(calculator)).to_contain_text("Entered, not from the chart: Creatinine 2.0 mg/dL\n")
    expect(calculator.locator("[data-said]")).to_contain_text("eGFR")
    calculator.get_by_role("button", name="Undo", exact=True).click()
    expect(headline).to_have_text(charted)
    expect(about).to_contain_text("Computed from 3 chart values")
    expect(calculator.locator("> summary")).not_to_contain_text("edited")

    # Without a result there is nothing to copy.
    copy = calculator.get_by_role("button", name="Copy")
    expect(copy).to_be_visible()
    enter(page, "")
    expect(calculator.locator("[data-no-note]")).not_to_have_attribute("hidden", "")
    expect(copy).to_be_hidden()
    enter(page, "1.2")
    expect(copy).to_be_visible()
    assert complaints == []


def test_another_unit_converts_the_charted_value_and_a_value_of_the_wrong_one_is_refused(
    app: App, page: Page, complaints: list[str]
) -> None:
    launch_in(page, app, tenant_of(app))
    calculator = opened(page, EGFR)
    headline = calculator.locator(".headline strong")
    charted = headline.inner_text()
    creatinine = page.get_by_label("Creatinine, serum or plasma", exact=True).first
    unit = calculator.get_by_label("Unit of Creatinine, serum or plasma")
    undo = calculator.get_by_role("button", name="Undo", exact=True)
    unit.select_option("umol/l")
    expect(creatinine).to_have_value("132.6")
    expect(undo).to_be_hidden()
    expect(headline).to_have_text(charted)
    unit.select_option("mg/dl")
    expect(creatinine).to_have_value("1.5")
    unit.select_option("mmol/l")
    expect(creatinine).to_have_value("0.1326")
    creatinine.fill("0.2652")
    expect(calculator.get_by_text("edited, was 1.5 mg/dL")).to_be_visible()
    expect(note(calculator)).to_contain_text("not from the chart: Creatinine 0.2652 mmol/L")
    undo.click()
    expect(creatinine).to_have_value("1.5")
    expect(headline).to_have_text(charted)

    creatinine.fill("132.6")
    expect(calculator.locator(".fault:visible")).to_contain_text("check the value and its unit")
    expect(creatinine).to_have_attribute("aria-invalid", "true")
    expect(headline).to_have_count(0)
    expect(calculator.locator("[data-said]")).to_contain_text("No result.")
    expect(calculator.locator("[data-no-note]")).not_to_have_attribute("hidden", "")
    unit.select_option("umol/l")
    expect(headline).to_have_text(charted)
    expect(calculator.locator(".fault:visible")).to_have_count(0)
    expect(creatinine).not_to_have_attribute("aria-invalid", "true")
    assert complaints == []


def test_one_note_is_copied_and_tells_what_was_entered_from_what_was_found_and_when_it_was_read(
    app: App, page: Page
) -> None:
    injury = condition("N17.9", id="c-injury")
    launch_in(page, app, answering(tenant_of(app), conditions=as_fhir(bundle(injury))))
    calculator = opened(page, EGFR)
    enter(page, "1.6")
    expect(note(calculator)).to_contain_text("Creatinine 1.6 mg/dL")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    calculator.get_by_role("button", name="Copy").click()
    expect(calculator.get_by_text("Copied.")).to_be_visible()
    title, patient, result, *lines, read, version = page.evaluate(
        "navigator.clipboard.readText()"
    ).split("\n")
    assert title == "eGFR (CKD-EPI 2021, creatinine)"
    born = shown(PATIENT["birthDate"])
    assert patient.startswith(f"Patient: Synthetic Testpatient, born {born}, record number")
    assert "(G3a: 45 to below 60, mildly to moderately decreased)" in result
    assert lines[:2] == [
        "From the chart: Age 66; Sex male",
        "Entered, not from the chart: Creatinine 1.6 mg/dL",
    ]
    assert lines[2].startswith("Cautions: Acute kidney injury is on the problem list")
    assert re.fullmatch(r"Chart read \d+ \w{3} \d{4} \d\d:\d\d UTC(-06:00)?", read)
    assert version.startswith("smart-calc ")


def test_a_newer_preliminary_value_can_be_taken(app: App, page: Page) -> None:
    newer = {"id": "o-newer", "effectiveDateTime": days_ago(1), "status": "preliminary"}
    amount = {**CREATININE["valueQuantity"], "value": 1.9}
    older = {**CREATININE, "id": "o-older", "effectiveDateTime": days_ago(40)}
    labs = as_fhir(bundle(CREATININE, older, {**CREATININE, **newer, "valueQuantity": amount}))
    launch_in(page, app, answering(tenant_of(app), labs=labs))
    calculator = opened(page, EGFR)
    noted, about = note(calculator), calculator.locator(".outcome .about")
    unused = "Newer preliminary value in the chart, not used: Creatinine"
    expect(page.get_by_role("region", name="Data quality")).to_contain_text(unused)
    expect(page.get_by_text(unused).locator("visible=true")).to_have_count(1)
    expect(noted).to_contain_text(unused)
    calculator.get_by_role("button", name="Use preliminary: 1.9 mg/dL").click()
    expect(page.locator(f"#{EGFR}-creatinine")).to_have_value("1.9")
    day = shown(newer["effectiveDateTime"], timed=False)
    expect(noted).to_contain_text(f"Creatinine 1.9 mg/dL ({day}, preliminary, from the chart)")
    expect(noted).not_to_contain_text("not used")
    expect(about).to_have_text("another chart value chosen; 2 chart values")
    expect(calculator.get_by_text(", was 1.5 mg/dL")).to_be_visible()
    enter(page, "1.8")
    expect(noted).to_contain_text("not from the chart: Creatinine 1.8 mg/dL")
    expect(about).to_have_text("1 value edited, not from the chart; 2 chart values")
    calculator.get_by_role("button", name="Undo", exact=True).click()
    expect(noted).to_contain_text(unused)


def test_a_value_without_a_date_says_so_after_an_edit_of_another_and_not_once_it_is_edited(
    app: App, page: Page
) -> None:
    undated = {key: one for key, one in CREATININE.items() if key != "effectiveDateTime"}
    launch_in(page, app, answering(tenant_of(app), labs=as_fhir(bundle(undated))))
    calculator = opened(page, EGFR)
    age = page.locator(f"#{EGFR}-age")
    remark = "no date: Creatinine, serum or plasma"
    age.fill("70")
    expect(calculator.locator(".headline")).to_contain_text("was ")
    for place in (calculator.locator(".headline .band"), note(calculator)):
        expect(place).to_contain_text(remark)
    enter(page, "1.4")
    for place in (calculator.locator(".headline .band"), note(calculator)):
        expect(place).not_to_contain_text("no date")


def test_an_older_value_without_a_date_says_so_where_it_is_taken(app: App, page: Page) -> None:
    undated = {key: one for key, one in CREATININE.items() if key != "effectiveDateTime"}
    other = {"id": "o-undated", "valueQuantity": {**CREATININE["valueQuantity"], "value": 1.9}}
    labs = as_fhir(bundle(CREATININE, {**undated, **other}))
    launch_in(page, app, answering(tenant_of(app), labs=labs))
    calculator = opened(page, EGFR)
    calculator.get_by_role("button", name="1.9 mg/dL").click()
    for place in (calculator.locator(".headline .band"), note(calculator)):
        expect(place).to_contain_text("no date: Creatinine, serum or plasma")


def test_a_caution_that_the_chart_leaves_a_question_open_goes_when_it_is_answered(
    app: App, page: Page
) -> None:
    suggested = condition("I48.91", verification="provisional", id="c-af")
    launch_in(page, app, answering(tenant_of(app), conditions=as_fhir(bundle(suggested))))
    calculator = opened(page, "cha2ds2_vasc")
    question = calculator.get_by_role("group", name="Atrial fibrillation")
    untold = calculator.get_by_text("The chart neither confirms nor rules out")
    expect(untold.first).to_be_visible()
    question.get_by_label("no", exact=True).check()
    without = "No atrial fibrillation: the score applies only to atrial fibrillation"
    expect(calculator.locator("[data-caution]")).to_have_text(without)
    expect(calculator.locator(".warnings li:not([hidden])")).to_have_text([without])
    expect(note(calculator)).not_to_contain_text("class 1 threshold")
    expect(calculator.locator(".headline")).not_to_contain_text("recommended")
    question.get_by_label("yes", exact=True).check()
    expect(calculator.locator(".warnings li:visible")).to_have_count(0)


def test_a_score_that_lacks_answers_shows_its_range_and_narrows_it(app: App, page: Page) -> None:
    fibrillation = condition("I48.91", id="c-af")
    # Labile INR is a question only for patients on a vitamin K antagonist.
    warfarin = as_fhir(bundle(order("warfarin 5 MG Oral Tablet")))
    answers = {"conditions": as_fhir(bundle(fibrillation)), "drugs": warfarin}
    launch_in(page, app, answering(tenant_of(app), **answers))
    calculator = opened(page, "has_bled")
    headline = calculator.locator(".headline")
    expect(headline).to_contain_text("1 to 3 two answers are missing")
    calculator.get_by_label("Alcoholic drinks per week").fill("2")
    expect(headline).to_contain_text("was 1 to 3 by the chart")
    expect(headline.locator(".meaning")).to_contain_text("one answer is missing")
    calculator.get_by_label("no", exact=True).check()
    expect(headline.locator("strong")).to_have_text("1")
    expect(headline.locator(".meaning")).to_contain_text("0 to 2: not high 1.02 major bleeds")


def _refusing(tenant: Tenant, status: int) -> Tenant:
    for path in ("/Patient/p1", "/Observation", "/Condition", "/MedicationRequest"):
        tenant.on(path, Scripted(status))
    return tenant


def test_a_chart_that_could_not_be_read_is_one_card_with_the_way_out(
    app: App, page: Page, complaints: list[str]
) -> None:
    launch_in(page, app, _refusing(tenant_of(app), 503))
    heading, tried = page.get_by_role("heading", level=1), page.get_by_text("Tried on")
    expect(heading).to_have_text("The chart could not be read")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert [one["x"] for part in (heading, tried) if (one := part.bounding_box())] == [12, 12]
    card = page.get_by_role("region", name="Nothing in this chart was read")
    expect(card).to_contain_text("HTTP 503")
    expect(card).to_contain_text("launch the app again from the patient's chart")
    expect(page.locator("details.calculator")).to_have_count(0)
    expect(page.get_by_text("Patient not identified")).to_have_count(0)
    assert violations(page) == []
    assert complaints == []


def test_a_chart_that_the_ehr_no_longer_opens_shows_the_way_out_and_no_calculators(
    app: App, page: Page
) -> None:
    launch_in(page, app, _refusing(tenant_of(app), 401))
    expect(page.locator("body")).to_contain_text("Open the app again from the chart.")
    expect(page.locator("details.calculator")).to_have_count(0)


def test_a_caution_of_the_charted_values_goes_with_them(app: App, page: Page) -> None:
    older = {**CREATININE, "id": "o-older", "effectiveDateTime": days_ago(40)}
    launch_in(page, app, answering(tenant_of(app), labs=as_fhir(bundle(CREATININE, older))))
    calculator = opened(page, "creatinine_clearance_cg")
    caution = calculator.locator("[data-caution]")
    expect(caution).to_be_hidden()
    calculator.get_by_label("Body height", exact=True).fill("140")
    expect(caution).to_contain_text("Devine's formula")
    calculator.get_by_role("button", name="Undo", exact=True).click()
    expect(caution).to_be_hidden()
    # A legacy calculator computes nothing until the user selects Calculate.
    legacy = opened(page, "ascvd_pce_2013")
    expect(legacy.get_by_text("Nothing is computed until you press Calculate.")).to_be_visible()
    legacy.get_by_role("button", name="Calculate").click()
    expect(legacy.locator(".results")).to_contain_text("Missing:")


def test_another_value_is_taken_by_click_by_key_and_from_the_table(app: App, page: Page) -> None:
    amounts = {60: 1.1, 1: 2.2}
    others = [
        {
            **CREATININE,
            "id": f"o-{days}",
            "effectiveDateTime": days_ago(days),
            "valueQuantity": {**CREATININE["valueQuantity"], "value": value},
        }
        for days, value in amounts.items()
    ]
    launch_in(page, app, answering(tenant_of(app), labs=as_fhir(bundle(CREATININE, *others))))
    calculator = opened(page, EGFR)
    row = calculator.locator('.input[data-name="creatinine"]')
    field, line = row.locator("input"), row.get_by_role("slider")

    def by_click() -> None:
        row.locator("circle").nth(1).click(force=True)

    def by_key() -> None:
        line.focus()
        page.keyboard.press("ArrowLeft")

    def from_the_table() -> None:
        row.locator(".history > summary").click()
        row.get_by_role("row").nth(2).get_by_role("button", name="Use 1.5 mg/dL").click()

    for take in (by_click, by_key, from_the_table):
        expect(field).to_have_value("2.2")
        expect(line).to_have_attribute("aria-valuetext", re.compile("^2.2 mg/dL, used, "))
        expect(row.locator("circle.used")).to_have_count(1)
        take()
        expect(field).to_have_value("1.5")
        expect(line).to_have_attribute("aria-valuenow", "2")
        expect(row.locator("circle").nth(1)).to_have_class("used")
        day = shown(CREATININE["effectiveDateTime"])
        told = f"From the chart: {day}, Laboratory, final, LOINC 2160-0"
        row.locator(".from").evaluate("(one) => (one.open = true)")
        expect(row.get_by_text(told)).to_be_visible()
        expect(calculator.locator("> summary")).to_contain_text("other value")
        expect(calculator.locator(".headline strong")).to_have_text("51")
        field.fill("3")
        expect(row.locator("circle.used")).to_have_count(0)
        row.get_by_role("button", name="Undo", exact=True).click()
        expect(row.locator("circle").nth(2)).to_have_class("used")


def test_everything_is_reached_and_seen_with_the_keyboard_alone(app: App, page: Page) -> None:
    launch_in(page, app, tenant_of(app))
    page.locator(f"#{EGFR} summary").first.focus()
    page.keyboard.press("Enter")
    wanted = {f"{EGFR}-age", f"{EGFR}-sex", f"{EGFR}-creatinine"}
    reached: list[str] = []
    for _ in range(14):
        page.keyboard.press("Tab")
        at, smallest = page.evaluate(
            "() => { const one = document.activeElement, box = one.getBoundingClientRect();"
            " return [one.id || one.textContent, Math.min(box.width, box.height)]; }"
        )
        assert outline(page) >= 2, at
        assert smallest >= 24, at
        reached.append(at)
    assert wanted <= set(reached)
    assert [one for one in reached if "Copy" in one or one == "Print"] == ["Copy note", "Print"]


def test_a_session_that_was_left_idle_leaves_the_page_readable_and_says_what_to_do(
    endable: EndableApp, page: Page, complaints: list[str]
) -> None:
    handle = launch_in(page, endable.app, tenant_of(endable.app))
    calculator = opened(page, EGFR)
    endable.leave_idle(handle)
    enter(page, "2.0")
    banner = page.get_by_role("alert")
    expect(banner.get_by_role("heading", name=OVER)).to_be_visible()
    expect(banner).to_contain_text(WHAT_TO_DO)
    expect(banner).to_contain_text("Correlation id:")
    expect(banner).to_be_focused()
    expect(banner).to_be_in_viewport(ratio=1)
    expect(calculator.locator("form")).to_be_in_viewport()
    assert outline(page) >= 2
    expect(page.locator(f"#{EGFR}-creatinine")).not_to_be_editable()
    expect(page.locator(f"#{EGFR}-creatinine")).to_have_value("2.0")
    # What was computed before stays, and says so; Undo needs no session.
    failure = calculator.locator(".failure")
    expect(failure).to_contain_text("Not recalculated: this result is from before your last change")
    expect(calculator.locator(".headline strong")).to_have_text("51")
    expect(calculator.locator("> summary")).to_contain_text("not recalculated")
    field = page.locator(f"#{EGFR}-creatinine")
    field.select_text()
    assert page.evaluate("getSelection().toString()") == "2.0"
    calculator.get_by_role("button", name="Undo", exact=True).click()
    expect(field).to_have_value("1.5")
    expect(failure).to_be_hidden()
    # The chart's values stay too; they can be copied, opened and closed.
    expect(calculator.get_by_role("button", name="Copy note")).to_be_enabled()
    expect(page.locator("#bmi .headline strong")).to_have_text("31.6")
    expect(page.get_by_role("heading", name="Synthetic Testpatient")).to_be_visible()
    bmi = opened(page, "bmi")
    bmi.get_by_role("button", name="Copy note").click()
    expect(bmi.get_by_text("Copied.")).to_be_visible()
    expect(page.locator("#values button").first).to_be_disabled()
    assert violations(page) == []
    assert complaints == []
    # The patient can still be taken off the screen.
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_focused()
    expect(page.get_by_text("Testpatient")).to_have_count(0)


def test_a_session_that_the_ehr_ends_is_over_at_the_next_read(
    endable: EndableApp, page: Page, complaints: list[str]
) -> None:
    tenant = tenant_of(endable.app, refresh_token="refresh-1")
    launch_in(page, endable.app, tenant)
    tenant.on("/Observation", Scripted(401))
    tenant.on("/auth/token", GRANT_REFUSED)
    read_all_results(page)
    expect(page.get_by_role("alert").get_by_role("heading", name=OVER)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_focused()
    assert complaints == []


def test_a_session_whose_access_is_not_renewed_just_now_is_kept_and_tried_again(
    endable: EndableApp, page: Page
) -> None:
    tenant = tenant_of(endable.app, refresh_token="refresh-1")
    launch_in(page, endable.app, tenant)
    page.evaluate(SECONDS_BY_HAND)
    answer, renewing = tenant.handlers["/Observation"], Scripted(503)
    tenant.on("/Observation", Scripted(401))
    tenant.on("/auth/token", renewing)
    read_all_results(page)
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("Your session and everything you entered are kept")
    expect(notice.get_by_role("button")).to_be_disabled()
    tenant.on("/Observation", answer)
    page.evaluate("for (let left = 5; left > 0; left -= 1) second()")
    notice.get_by_role("button", name="Try again", exact=True).click()
    expect(page.get_by_text("2 results shown. There are no more.")).to_be_visible()
    expect(notice).to_have_count(0)


def test_an_app_that_does_not_answer_is_said_and_tried_again(
    app: App, page: Page, complaints: list[str]
) -> None:
    launch_in(page, app, tenant_of(app))
    calculator = opened(page, EGFR)
    enter(page, "3.0")
    expect(calculator.locator(".headline strong")).to_have_text("22")
    page.context.set_offline(True)
    enter(page, "2.0")
    failure, row = calculator.locator(".failure"), calculator.locator("> summary")
    expect(failure).to_contain_text("Not recalculated: this result is from before your last change")
    expect(failure).to_contain_text("This app is not responding.")
    # The result before is the one before, and the chart's own needs no answer.
    expect(calculator.locator(".headline strong")).to_have_text("22")
    expect(row).to_contain_text("not recalculated")
    calculator.get_by_role("button", name="Undo", exact=True).click()
    expect(calculator.locator(".headline strong")).to_have_text("51")
    expect(failure).to_be_hidden()
    expect(row).not_to_contain_text("not recalculated")
    page.context.set_offline(False)
    enter(page, "150")
    expect(calculator.locator(".fault:visible")).to_have_count(1)
    page.context.set_offline(True)
    enter(page, "2.0")
    expect(failure).to_contain_text("The result could not be computed.")
    # An earlier invalid value doesn't mark the value that could not be computed.
    expect(calculator.locator(".fault:visible")).to_have_count(0)
    page.context.set_offline(False)
    calculator.get_by_role("button", name="Try again").click()
    expect(calculator.locator(".headline strong")).to_be_visible()
    assert complaints == []


def test_logging_out_ends_the_session_and_takes_the_patient_off_the_page(
    app: App, page: Page, complaints: list[str]
) -> None:
    tenant = tenant_of(app, refresh_token="refresh-1")
    tenant.discovery["revocation_endpoint"] = f"{tenant.base}/auth/revoke"
    tenant.on("/auth/revoke", Scripted(200))
    launch_in(page, app, tenant)
    page.get_by_role("button", name="Log out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are logged out")).to_be_focused()
    expect(page.get_by_text("The session has ended")).to_be_visible()
    expect(page).to_have_title("Logged out")
    assert "Testpatient" not in page.content()
    assert tenant.hits("/auth/revoke")
    assert not [one for one in page.context.cookies() if one["name"].startswith("__Host-smart-")]
    assert violations(page) == []
    assert complaints == []
    again = page.reload()
    assert again is not None
    assert again.status == 401


def test_a_logout_that_fails_is_not_taken_for_one(
    app: App, page: Page, complaints: list[str]
) -> None:
    launch_in(page, app, tenant_of(app))
    page.context.set_offline(True)
    button = page.get_by_role("button", name="Log out")
    button.click()
    expect(page.get_by_role("heading", name="You are not logged out")).to_be_visible()
    expect(button).to_be_focused()
    page.context.set_offline(False)
    button.click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    assert complaints == []


def test_laboratory_values_that_were_not_read_can_be_entered(
    app: App, page: Page, complaints: list[str]
) -> None:
    tenant = answering(tenant_of(app), labs=REFUSED_BY_EHR)
    launch_in(page, app, tenant)
    told = page.get_by_role("region", name="Not all of the chart was read")
    expect(told).to_contain_text("Common laboratory values: could not be read (HTTP 403)")
    calculator = opened(page, EGFR)
    expect(calculator.locator(".headline")).to_be_empty()
    enter(page, "1.6")
    expect(calculator.locator(".headline strong")).to_have_text("47")

    # What was missing comes without a reload; what was entered stays, until it's undone.
    page.evaluate("window.isTheSamePage = true")
    again = page.get_by_role("button", name="Try again")
    # A page from a proxy or gateway in between isn't a response from the app.
    page.route("**/unread", lambda route: route.fulfill(body="<h1>Sign in</h1>"))
    again.click()
    expect(page.locator("[slot=status]")).to_contain_text("Trying again failed: The response")
    expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)
    page.unroute("**/unread")
    again.click()
    # Neither in progress nor failed.
    expect(page.get_by_text("Trying again")).to_have_count(0)
    expect(told).to_be_visible()
    expect(page.locator("#anion_gap-sodium")).to_have_value("")
    answering(tenant)
    again.click()
    expect(page.get_by_text("The missing data was read on ")).to_be_visible()
    expect(page.locator("[part=status]")).to_be_focused()
    expect(told).to_have_count(0)
    expect(again).to_have_count(0)
    expect(page.locator("#anion_gap-sodium")).to_have_value("139")
    expect(page.locator(f"#{EGFR}-creatinine")).to_have_value("1.6")
    expect(calculator.get_by_text("edited, was 1.5 mg/dL")).to_be_visible()
    expect(calculator.locator(".headline strong")).to_have_text("47")
    calculator.get_by_role("button", name="Undo", exact=True).click()
    expect(calculator.locator(".headline strong")).to_have_text("51")
    read_all_results(page)
    expect(page.get_by_text("2 results shown. There are no more.")).to_be_visible()
    assert page.evaluate("window.isTheSamePage")
    assert complaints == []


def test_a_calculator_that_is_asked_for_is_computed_in_sight_and_keeps_its_entries_until_left(
    app: App, page: Page, complaints: list[str]
) -> None:
    launch_in(page, app, tenant_of(app))
    page.set_viewport_size({"width": 900, "height": 600})
    calculator = opened(page, "news2")
    calculate = calculator.get_by_role("button", name="Calculate")
    expect(calculate).to_be_in_viewport(ratio=1)
    breaths, headline = page.locator("#news2-respiratory_rate"), calculator.locator(".headline")
    entries = {"respiratory_rate": "26", "spo2": "91", "systolic_bp": "120", "heart_rate": "80"}
    for name, entry in {**entries, "temperature": "37"}.items():
        page.locator(f"#news2-{name}").fill(entry)
    calculator.get_by_label("no", exact=True).check()
    page.locator("#news2-consciousness").select_option("alert")
    page.locator("#news2-spo2_scale").select_option("1")
    calculate.click()
    expect(headline.locator("strong")).to_have_text("6")
    expect(headline.locator("strong")).to_be_in_viewport(ratio=1)
    page.locator("#news2-heart_rate").fill("95")
    expect(headline.locator("strong")).to_have_text("7")
    expect(calculator.locator("> summary")).to_contain_text("edited")
    expect(breaths).to_have_value("26")
    opened(page, "bmi")
    expect(calculator.locator("> summary")).to_contain_text("time-critical")
    expect(calculator.locator("> summary")).not_to_contain_text("edited")
    opened(page, "news2")
    expect(breaths).to_have_value("")
    expect(headline).to_be_empty()
    expect(calculate).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 844})
    assert complaints == []


def test_scopes_that_were_not_granted_are_told_with_the_cause_that_the_session_names(
    app: App, page: Page, complaints: list[str]
) -> None:
    tenant = tenant_of(app, "n", scope="launch patient/Patient.r")
    handle = launch_in(page, app, tenant)
    told = page.get_by_role("region", name=re.compile("^Requested, but not granted by"))
    expect(told).to_contain_text("patient/Observation.rs")
    told.locator("summary").first.click()
    causes = page.evaluate(
        "url => fetch(url).then((answer) => answer.json()).then((body) => body.scope.causes)",
        f"{app.origin}/fhir_proxy/{handle}/session",
    )
    assert set(causes) == {"patient/Observation.rs", "patient/Condition.s"}
    shown = told.locator("[data-cause]").all_inner_texts()
    assert set(shown) == set(causes.values())
    assert violations(page) == []
    assert complaints == []


def _is_sound_whatever_is_open(page: Page) -> None:
    assert fits(page)
    for name, field, text in ((EGFR, "creatinine", "150"), ("bmi", "weight", "heavy")):
        _is_sound(page, name, field, text)
    for name in ("values", "about"):
        _is_sound(page, name)


def _is_sound(page: Page, name: str, field: str = "", text: str = "") -> None:
    """Check a fully opened row, with an invalid value in a field."""
    row = page.locator(f"#{name}")
    row.evaluate("(one) => (one.open = true)")
    if field:
        row.locator("details").evaluate_all("all => all.forEach((one) => (one.open = true))")
        page.locator(f"#{name}-{field}").fill(text)
        expect(row.locator(".fault:visible")).to_be_visible()
        expect(page.locator(".waiting")).to_have_count(0)
    assert fits(page)
    assert violations(page, f"#{name}") == []
    page.keyboard.press("Escape")


CHARTS: dict[str, Callable[[Tenant], Tenant]] = {
    "full": lambda tenant: tenant,
    "hardly read": lambda tenant: answering(
        tenant, labs=REFUSED_BY_EHR, conditions=Scripted(500), drugs=Scripted(404)
    ),
    "empty": _with_nothing,
}


@pytest.mark.parametrize("chart", CHARTS)
def test_the_page_fits_and_is_accessible_whatever_is_open(
    app: App, desktop: BrowserContext, chart: str
) -> None:
    page = desktop.new_page()
    launch_in(page, app, CHARTS[chart](tenant_of(app)))
    for width in (1280, 390) if chart == "full" else (390,):
        page.set_viewport_size({"width": width, "height": 844})
        _is_sound_whatever_is_open(page)
    assert violations(page) == []
    assert page.evaluate(
        "[...document.querySelectorAll('table')].every((one) => one.querySelector('th[scope=col]')"
        " && [...one.tBodies[0].rows].every((row) => row.querySelector('th[scope=row]')))"
    )


def test_on_paper_the_open_calculator_stands_alone_below_the_patient_on_one_page(
    app: App, page: Page
) -> None:
    tenant = tenant_of(app, need_patient_banner=False)
    launch_in(page, app, tenant)
    page.evaluate("() => { window.print = () => { window.isPrinted = true; }; }")
    calculator = opened(page, "bmi")
    calculator.get_by_label("Body weight", exact=True).fill("80")
    expect(calculator.get_by_role("button", name="Undo", exact=True)).to_be_visible()
    calculator.get_by_role("button", name="Print").click()
    assert page.evaluate("window.isPrinted")
    page.emulate_media(media="print")
    expect(page.get_by_text("SYN-0007", exact=True)).to_be_visible()
    expect(page.locator("button:visible, [role=search]:visible")).to_have_count(0)
    expect(calculator.locator(".headline")).to_be_visible()
    rows = "[...document.querySelectorAll('.page > details')]"
    on_paper = f"{rows}.filter((one) => one.checkVisibility())"
    assert page.evaluate(f"{on_paper}.map((one) => one.id)") == ["bmi"]
    for name in ("cha2ds2_vasc", "prevent_2023_base"):
        page.locator(f"#{name}").evaluate("(one) => (one.open = true)")
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1


def test_points_and_the_drawing_of_the_bands_follow_a_change(
    app: App, page: Page, complaints: list[str]
) -> None:
    fibrillation = condition("I48.91", id="c-af")
    launch_in(page, app, answering(tenant_of(app), conditions=as_fhir(bundle(fibrillation))))
    calculator = opened(page, "cha2ds2_vasc")
    stroke = calculator.locator(".input[data-name=stroke_tia_thromboembolism]")
    # What a "yes" would add.
    expect(stroke.locator("[data-points].worth")).to_have_text("+2")
    drawing = calculator.get_by_role("img", name="CHA2DS2-VASc 1. Category:")
    expect(drawing).to_be_visible()
    expect(stroke).to_contain_text("assumed absent")
    counts = re.search(r"(\d+) not found", calculator.locator(".outcome .about").inner_text())
    assert counts
    stroke.get_by_role("checkbox").check()
    expect(stroke.get_by_text("assumed absent")).to_be_hidden()
    left = f"{int(counts[1]) - 1} not found in chart, assumed absent"
    expect(calculator.locator(".outcome .about")).to_contain_text(left)
    expect(stroke.locator("[data-points]:not(.worth)")).to_have_text("+2")
    changed = calculator.get_by_role("img", name="CHA2DS2-VASc 3. Category: 2 or more in a man")
    expect(changed).to_be_visible()
    expect(note(calculator)).to_contain_text("Stroke, TIA or systemic embolism: yes")
    assert violations(page) == []
    assert complaints == []
