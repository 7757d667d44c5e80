"""A hospital's own codes on the page and in the log (`[[ehr.codes]]`)."""

from urllib.parse import unquote

from tests.support.app.app import App
from tests.support.charts.app_chart import CREATININE, answering, bundle, calculator, open_page
from tests.support.charts.chart_resources import concept
from tests.support.ehr.scripted_ehr import as_fhir


def test_a_value_of_a_local_code_is_marked_and_its_code_is_logged(app: App) -> None:
    """The registration of the scripted EHR lists the code."""
    value = {**CREATININE, "code": concept("http://lab.test", "KREA")}
    tenant = answering(app.scripted.tenant("a"), labs=as_fhir(bundle(value)))
    page = open_page(app, app.launch(tenant))
    shown = calculator(page.text, "egfr_ckd_epi_2021")
    assert "local code" in shown
    assert "Computed from 3 chart values" in shown
    assert any("http://lab.test|KREA" in unquote(one.query) for one in tenant.received)
    opened = [one for one in app.log_lines() if one["event"] == "app_opened"]
    assert opened[-1]["local_codes"] == ["http://lab.test|KREA"]


def test_without_local_codes_the_log_names_none(app: App) -> None:
    open_page(app, app.launch(answering(app.scripted.tenant("a"))))
    opened = [one for one in app.log_lines() if one["event"] == "app_opened"]
    assert "local_codes" not in opened[-1]
