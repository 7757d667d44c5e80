"""docs/runbook.md, infra/monitoring and the code: what one names is there in the other."""

import io
import json
import re
from typing import get_args

import pytest

from shared import errors, log
from shared.inbound import refusal
from shared.inbound.refusal import Refusal
from tests.support.app.servers import ROOT
from tests.support.tables import each

MONITORING = ROOT / "infra" / "monitoring"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
POLICIES = {path.stem: json.loads(path.read_text()) for path in MONITORING.glob("policies/*.json")}
METRICS = {path.stem: json.loads(path.read_text()) for path in MONITORING.glob("metrics/*.json")}
FILES = [*MONITORING.rglob("*.json"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("infra/**/*.tf")]
TEXTS = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in FILES}
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", RUNBOOK, re.MULTILINE))
CODES = {
    str(one.code)
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, errors.CodedError) and hasattr(one, "code")
}


@each("name", list(POLICIES))
def test_every_alert_has_its_section_and_that_ends_at_a_command(name: str) -> None:
    policy = POLICIES[name]
    match = re.fullmatch(r"See docs/runbook\.md, (.+)\.", policy["documentation"]["content"])
    assert match is not None
    section = SECTIONS[match[1]]
    assert f"`{policy['displayName']}`" in section
    commands = section.rpartition("```sh\n")[2]
    assert commands.rstrip().endswith("```")


def test_every_section_is_of_an_alert() -> None:
    named = {policy["documentation"]["content"] for policy in POLICIES.values()}
    of_alerts = set(SECTIONS) - {"Cards that clinicians dismiss", "Incidents"}
    assert {f"See docs/runbook.md, {section}." for section in of_alerts} == named


def test_every_metric_is_watched_by_an_alert_and_every_alert_has_its_metric() -> None:
    watched = set(re.findall(r"logging[._]googleapis[._]com[/:]user[/_](\w+)", json_of(POLICIES)))
    assert watched == set(METRICS)
    for policy in POLICIES.values():
        for condition in policy["conditions"]:
            # PromQL has no labels here.
            threshold = condition.get("conditionThreshold")
            if threshold is None:
                continue
            of_ours = re.findall(r"logging\.googleapis\.com/user/(\w+)", threshold["filter"])
            (aggregation,) = threshold["aggregations"]
            for metric in of_ours:
                labels = {f"metric.label.{one}" for one in METRICS[metric]["labelExtractors"]}
                assert set(aggregation["groupByFields"]) <= labels


def json_of(value: object) -> str:
    """As one text, quotes as they are written."""
    return json.dumps(value).replace('\\"', '"')


REFUSED = {"status": "401", "oauth_error": "invalid_client", "said": "expired"}


def written(capfd: pytest.CaptureFixture[str]) -> set[str]:
    """The fields of the lines on launches that fail, on CDS calls that are refused and on access
    that is not renewed.
    """
    log.begin("c1", "")
    log.about(ehr="e", session="s", launch="l")
    failed = Refusal.of(errors.LaunchParameterMissing())
    log.event("launch_refused", "said", code="c", fields={**refusal.log_fields(failed)})
    unknown = errors.IssNotAllowed(evidence={"iss": "a", "iss_configured": "b"})
    log.event("launch_refused", "said", code="c", fields=dict(unknown.evidence))
    log.about(client="c")
    untrusted = errors.CdsTokenInvalid(evidence={"reason": "key", "came": "x"})
    log.event("cds_refused", "said", code="c", fields=dict(untrusted.evidence))
    answered = errors.TokenError(evidence=REFUSED)
    log.event("token_refresh_failed", "said", code="c", fields=dict(answered.evidence))
    log.event("ehr_hanging", "said", fields={"host": "h", "calls": 1, "longest_wait_ms": 3000})
    lines = capfd.readouterr().out.splitlines()
    return {field for line in lines for field in json.loads(line)}


def test_every_event_code_and_field_of_a_filter_is_one_that_is_logged(
    capfd: pytest.CaptureFixture[str],
) -> None:
    known = written(capfd)
    asked = 0
    for path, text in TEXTS.items():
        plain = text.replace('\\"', '"')
        for field, values in re.findall(r"jsonPayload\.(\w+)(=\([^)]*\)|=\"[^\"]*\")?", plain):
            # Cloud Armor's own.
            if field == "enforcedSecurityPolicy":
                continue
            asked += 1
            assert field in known, f"{path}: {field}"
            quoted = set(re.findall(r'"([^"]+)"', values))
            if field == "event":
                assert quoted <= set(get_args(log.Event)), path
            if field == "code":
                assert quoted <= CODES, path
    assert asked > 20


@each("heading", list(SECTIONS))
def test_every_code_in_a_table_of_the_runbook_is_one_that_is_answered(heading: str) -> None:
    rows = [line for line in SECTIONS[heading].splitlines() if line.startswith("| `")]
    named = {
        code for row in rows for code in re.findall(r"`(\w+)`", row.split("|")[1]) if "_" in code
    }
    assert named <= CODES


def test_the_query_of_feedback_counts_by_calculator_and_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = (
        SECTIONS["Cards that clinicians dismiss"].partition("python3 -c '")[2].partition("'")[0]
    )
    sent = {"cards": ["a", "b"], "calculators": ["qtc warning", "fib4 info"]}
    newest_first = [
        {"event": "cds_feedback", "card": "a", "outcome": "overridden", "reason": "known"},
        # An EHR reports a card more than once, cards of long ago, and cards of others.
        {"event": "cds_feedback", "card": "a", "outcome": "overridden"},
        {"event": "cds_feedback", "card": "c", "outcome": "accepted"},
        {"event": "cds_feedback", "outcome": "accepted"},
        {"event": "cds_answered", **sent},
        {"event": "cds_answered", "cards": ["d"], "calculators": ["qtc warning"]},
        {"event": "cds_answered", "cards": [], "calculators": []},
    ]
    lines = json.dumps([{"jsonPayload": line} for line in newest_first])
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    exec(program, {})
    assert capsys.readouterr().out.splitlines() == [
        "1 fib4 info sent",
        "1 qtc warning overridden known",
        "2 qtc warning sent",
        "1 sent earlier accepted no reason",
    ]
