"""Runs the examples in docs/proxy.md unchanged, on a page with the app's own origin."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.support.app.app import App
from tests.support.app.servers import ROOT

_TEXT = (ROOT / "docs/proxy.md").read_text(encoding="utf-8")
_SECTION = _TEXT.partition("\n## Examples\n")[2].partition("\n## ")[0]
EXAMPLES = re.findall(r"```js\n(.*?)```", _SECTION, re.DOTALL)
PATIENT = "synthetic-alma"


@pytest.mark.calculators
def test_the_examples_do_what_they_say(
    writing: App, desktop: BrowserContext, tmp_path: Path
) -> None:
    page = desktop.new_page()
    start = f"{writing.ehr_origin}/generic/start?patient={PATIENT}&client=smart-calc-demo&in=tab"
    page.goto(start)
    page.wait_for_url(f"{writing.origin}/smart_calc/*/")
    session = page.url.rstrip("/").rpartition("/")[2]
    page.evaluate(f"history.replaceState(null, '', '?session={session}')")
    requests, document = EXAMPLES
    results = (
        "return { found: found.length, made: made.location, "
        "methods: versions.map((one) => one.request.method) };"
    )
    seen = page.evaluate(f"async () => {{ {requests} {results} }}")
    assert seen["found"] > 100
    assert seen["made"].startswith(f"{writing.origin}/fhir_proxy/{session}/Observation/")
    assert seen["methods"] == ["PATCH", "PUT", "POST"]

    names = f"const proxy = '/fhir_proxy/{session}'; const id = '{PATIENT}-document-pdf';"
    with page.expect_download() as download:
        page.evaluate(f"async () => {{ {names} {document} }}")
    assert download.value.suggested_filename == "report.pdf"
    saved = tmp_path / "report.pdf"
    download.value.save_as(saved)
    assert saved.read_bytes().startswith(b"%PDF-1.4")
