"""The page on which a person chooses a hospital: in a frame, by keyboard, without script, and with
many hospitals.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.browser.test_accessibility import WIDTHS, load_axe, too_wide, violations
from tests.support.app.servers import Server, serve_app
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, Tenant

LONG = "Hospital-" * 22


@pytest.fixture(scope="module")
def tenant(scripted: ScriptedEhr) -> Tenant:
    return scripted.tenant("chosen")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr, tenant: Tenant
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("chooser")
    (folder / "issuers").mkdir()
    lines = [f"https://h{n}.test/fhir\t{LONG}{n:02}\t{'Town' * 50}" for n in range(30)]
    lines += [f"https://m{n}.test/fhir\tMunicipal {n}" for n in range(3)] + [f"{tenant.base}\tCity"]
    (folder / "issuers/one.txt").write_text("\n".join(lines), encoding="utf-8")
    table = (
        '[[ehr]]\nkey = "one"\nissuers = "file:issuers/one.txt"\nclient_id = "c"\n'
        'scopes = "patient/*.rs"\nstandalone = true\nchooser = true\n'
    )
    with serve_app(folder, table, top=f'frame_ancestors = ["{scripted.origin}"]') as running:
        yield running


def test_in_a_frame_without_script_a_keyboard_finds_and_launches(
    chromium: Chromium, server: Server, tenant: Tenant
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    body = f'<iframe src="{server.origin}/launch?ehr=one" width="390" height="800"></iframe>'
    tenant.on("/chart", Scripted(headers={"Content-Type": "text/html"}, body=body.encode()))
    page.goto(f"{tenant.base}/chart")
    frame = page.frame_locator("iframe")
    field = frame.get_by_role("searchbox", name="Name or place of the hospital")
    field.focus()
    page.keyboard.type("municipal")
    page.keyboard.press("Enter")
    heading = frame.get_by_role("heading", name="3 hospitals found for “municipal”")
    expect(heading).to_be_visible()
    field.press("Shift+End")
    page.keyboard.type("city")
    page.keyboard.press("Enter")
    expect(frame.get_by_role("heading", name="1 hospital found for “city”")).to_be_visible()
    field.focus()
    with page.expect_request(f"{tenant.base}/auth/authorize?*"):
        for key in ("Tab", "Tab", "Enter"):
            page.keyboard.press(key)
    context.close()


def test_axe_finds_no_violation_and_nothing_scrolls_sideways(
    chromium: Chromium, server: Server
) -> None:
    page = chromium.new_page()
    for query in ("", "&find=ho", "&find=hospital", "&find=nowhere"):
        page.goto(f"{server.origin}/launch?ehr=one{query}")
        load_axe(page.main_frame)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            assert (query, width, too_wide(page)) == (query, width, [])
            assert (query, width, violations(page)) == (query, width, [])
    page.close()
