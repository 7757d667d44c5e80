"""Every fault of the simulated EHR, walked through the running functions, shows its cause."""

import json
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared import explain
from shared.errors import TokenError
from shared.explain.catalogue import causes
from tests.functions.explain.faults import (
    COVERED,
    DISCOVERY,
    KEYS,
    LATER,
    OF_LAUNCHES,
    ON_A_PAGE,
    REFUSED,
    TOLERATED,
    ehr_of,
)
from tests.functions.explain.walking import Beginnings, Walks, sentences
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.sources import OUR_SOURCES
from tests.support.ehr.three_ehrs import CLIENTS, ThreeEhrs, Walk, in_words
from tests.support.tables import each


@pytest.fixture(scope="module")
def secrets_of_all(walks: Walks, full: ThreeEhrs) -> frozenset[str]:
    """Verifiers, codes and tokens, as the EHR got them."""
    return _recorded(full, len(walks.all()))


def _recorded(app: ThreeEhrs, launches: int) -> frozenset[str]:
    recorded = json.loads(Browser().get(f"{app.ehr_origin}/_recorded").body)["requests"]
    values = set()
    for request in recorded:
        values |= {value for name, value in request["form"] if name in _SECRET}
        values |= {
            value.removeprefix("Bearer ")
            for name, value in request["headers"]
            if name.lower() == "authorization"
        }
    assert len(values) > launches
    return frozenset(values)


_SECRET = {"code", "code_verifier", "refresh_token", "token", "launch", "state", "client_secret"}


def _secrets(walk: Walk) -> set[str]:
    """What the addresses of one launch carried."""
    queries = [parse_qs(urlsplit(step.url).query) for step in walk.steps]
    return {value for query in queries for name in _SECRET for value in query.get(name, ())}


def _refusal(app: ThreeEhrs, answer: Answer) -> dict[str, Any]:
    """The log line of a refusal."""
    (line,) = [line for line in app.log_of(answer) if "code" in line]
    return line


def _copied(page: str) -> str:
    """What is copied for support."""
    return page.partition('<pre class="copy"')[2].partition("</pre>")[0]


def test_every_fault_that_the_ehr_lists_is_in_the_table(full: ThreeEhrs) -> None:
    listed = json.loads(Browser().get(f"{full.ehr_origin}/_faults").body)["faults"]
    assert {fault["name"] for fault in listed} == COVERED


@each("name", sorted(REFUSED))
def test_a_developer_gets_the_cause_and_the_fix(walks: Walks, full: ThreeEhrs, name: str) -> None:
    code, cause = REFUSED[name]
    answer = walks[name].walk.end
    line = _refusal(full, answer)
    said = in_words(answer.text)
    assert answer.status == (
        502 if code in {"token_error", "token_invalid", "id_token_invalid"} else 400
    )
    assert (line["code"], line["causes"][0]) == (code, cause)
    assert line["cause"].replace("`", "") in said
    assert all(one in said for one in sentences(line["fix"]))
    copied = _copied(answer.text)
    for part in (code, cause, str(answer.header("X-Correlation-Id"))):
        assert part in copied


_BEFORE_THE_LAUNCH_IS_FOUND = {"state_unknown", "state_missing", "parameter_invalid"}


@each(
    "name", sorted(name for name in REFUSED if REFUSED[name][0] not in _BEFORE_THE_LAUNCH_IS_FOUND)
)
def test_the_evidence_is_on_the_page_in_the_log_and_in_what_is_copied(
    walks: Walks, full: ThreeEhrs, name: str
) -> None:
    answer, client = walks[name].walk.end, CLIENTS[ehr_of(name)]
    line, copied = _refusal(full, answer), _copied(answer.text)
    assert line["client_id_sent"] == client
    assert line["flow"] == "EHR launch"
    assert line["scope_sent"].split()[0] == "launch"
    assert f"client_id that this app sent: {client}" in copied
    assert f"Scopes that this app requested: {line['scope_sent']}" in copied
    said = walks[name].walk.returned.get("error_uri", "")
    if f"client={client}" in said:
        assert line["client_id_seen"] == client
        assert line["ehr_correlation_id"] in said
        assert f"client_id that the EHR saw: {client}" in copied
        assert f"correlation id: {line['ehr_correlation_id']}" in copied


def test_the_ehrs_client_and_tenant_stand_beside_ours(walks: Walks, full: ThreeEhrs) -> None:
    other = _refusal(full, walks["error-uri-other-client"].walk.end)
    assert (other["client_id_seen"], other["client_id_sent"]) == (
        "00000000-51a0-4000-8000-0000000000cc",
        "smart-calc-oracle",
    )
    assert "client_id_mismatch" in other["causes"]
    tenant = _refusal(full, walks["error-uri-other-tenant"].walk.end)
    assert tenant["tenant_seen"] == "SimulatedTenantThatIsNoUuid"
    assert "tenant_mismatch" in tenant["causes"]


@each("name", sorted(REFUSED))
def test_a_page_shows_no_secret_and_makes_no_link_of_the_ehrs_words(
    walks: Walks, secrets_of_all: frozenset[str], name: str
) -> None:
    walk = walks[name].walk
    own = {secret for secret in _secrets(walk) if len(secret) > 8}
    assert own
    assert not [secret for secret in own | secrets_of_all if secret in walk.end.text]
    assert not re.search(r"<(?:img|script|form|iframe)\b", walk.end.text)
    # Our documents may be linked, never what an EHR said.
    assert set(re.findall(r'<a href="([^"]*)"', walk.end.text)) <= OUR_SOURCES


@each("name", sorted(REFUSED))
def test_the_ehrs_free_text_is_on_the_developers_page_and_not_in_the_log(
    walks: Walks, full: ThreeEhrs, name: str
) -> None:
    words = walks[name].walk.returned.get("error_description", "")
    if words:
        assert in_words(words)[:60] in in_words(walks[name].walk.end.text)
        assert words[:60] not in str(full.log_of(walks[name].walk.end))
    assert "Simulated fault" not in str(full.log_of(walks[name].walk.end))


def test_no_secret_of_any_launch_is_in_the_log(
    secrets_of_all: frozenset[str], full: ThreeEhrs
) -> None:
    log = full.server.log.read_text(encoding="utf-8")
    assert not [secret for secret in secrets_of_all if secret in log]


@each("name", sorted(ON_A_PAGE))
def test_a_page_of_the_ehr_is_explained_from_its_address_or_its_text(
    walks: Walks, name: str
) -> None:
    page = walks[name].walk.end
    assert walks[name].walk.session is None
    address = urlsplit(page.url)
    pasted = page.url if address.path.startswith("/errors/") else in_words(page.text)
    said = explain.parse(pasted)
    diagnosis = explain.diagnose(said)
    assert diagnosis.causes[0].id == ON_A_PAGE[name]
    assert diagnosis.causes[0].steps
    if address.path.startswith("/errors/"):
        assert said.instance is not None
        assert said.instance in page.text


@each("name", sorted(TOLERATED))
def test_a_launch_that_survives_says_what_was_unusual(
    walks: Walks, full: ThreeEhrs, name: str
) -> None:
    walk = walks[name].walk
    assert walk.session is not None
    lines = full.log_of(walk.end)
    remarks = [line["message"].removeprefix("session opened").strip("; ") for line in lines]
    assert [remark for remark in remarks if remark] == [TOLERATED[name]] * bool(TOLERATED[name])


@pytest.mark.calculators
@each("name", sorted(LATER))
def test_a_fault_after_the_launch_is_told_to_the_caller_and_the_log(
    walks: Walks, full: ThreeEhrs, name: str
) -> None:
    status, code, beside = LATER[name]
    answer = walks[name].later
    assert answer is not None
    assert answer.status == status
    lines = full.log_of(answer)
    assert [line["code"] for line in lines if line["event"] in _REFUSALS and "code" in line] == (
        [code] * (code is not None)
    )
    assert beside in str(lines)
    if code is not None:
        refusal = next(line for line in lines if line.get("code") == code)
        assert refusal["causes"]
        assert refusal["cause"].replace("`", "") in in_words(answer.text).replace("`", "")


_REFUSALS = {"fhir_denied", "fhir_request", "app_refused"}


@each("name", sorted(DISCOVERY))
def test_a_fault_of_discovery_is_told_at_the_launch(
    fresh: ThreeEhrs, beginnings: Beginnings, name: str
) -> None:
    answer, refused = beginnings[name], DISCOVERY[name]
    if refused is None:
        # The app uses PKCE regardless of the EHR's configuration.
        assert (answer.status, answer.query["code_challenge_method"]) == (302, "S256")
        return
    line = _refusal(fresh, answer)
    said = in_words(answer.text)
    assert answer.status == 502
    assert (line["code"], line["causes"][0]) == refused
    assert line["cause"] in said
    assert all(one in said for one in sentences(line["fix"]))
    assert "/oracle/myrecord/r4/" in line.get("document", line.get("base", ""))


@each("name", sorted(KEYS))
def test_a_fault_of_the_signing_keys_is_told_by_its_cause(
    fresh: ThreeEhrs, walks: Walks, name: str
) -> None:
    app, (ehr, refused) = fresh, KEYS[name]
    assert walks.all()
    app.control(ehr, faults=name)
    try:
        walk = app.walk(ehr)
    finally:
        app.control(ehr, faults="")
    line = _refusal(app, walk.end)
    assert (line["code"], line["causes"][0]) == refused
    assert line["cause"].replace("`", "") in in_words(walk.end.text)


WORDS = {str(id_): kind for id_, kind in causes.KINDS.items()}
EXPLAINED = sorted(name for name in REFUSED if REFUSED[name][0] == "ehr_error")


@each("name", [*EXPLAINED[::4], "token-401", "id-token-expired", "token-cut"])
def test_a_clinician_gets_a_calm_sentence_and_the_developer_the_log(
    walks: Walks, full: ThreeEhrs, brief: ThreeEhrs, name: str
) -> None:
    walk = brief.walk(ehr_of(name), name)
    line, full_line = _refusal(brief, walk.end), _refusal(full, walks[name].walk.end)
    said = in_words(walk.end.text)
    assert str(walk.end.header("X-Correlation-Id")) in said
    for hidden in ("client_id", "urn:", "Scopes", "The EHR's words", CLIENTS[ehr_of(name)]):
        assert hidden not in said
    assert (line["causes"], line["fix"]) == (full_line["causes"], full_line["fix"])
    assert line["client_id_sent"] == CLIENTS[ehr_of(name)]
    if REFUSED[name][0] in {"ehr_error", "token_error"}:
        assert f"Most probable cause: {WORDS[REFUSED[name][1]].plainly}" in said
        assert line["fix"].replace("`", "") not in said
    for jargon in ("aud", "id_token", "signed-in user", "token endpoint", "scope"):
        assert not re.search(rf"\b{jargon}\b", _before_the_administrator(said))


def _before_the_administrator(page: str) -> str:
    """What a clinician reads of a page before it is unfolded."""
    return page.partition("For the administrator")[0]


# What this app certainly does in every launch, so that no page of it may say otherwise.
_DONE = {
    *("launch_parameter_missing", "launch_scope_missing", "launch_patient_scope_on_provider"),
    *("parameter_not_recognised", "pkce_mismatch"),
}


# What other software may do, and this app never does: it does not belong on a page about a request
# that this app made as it should.
_OF_OTHERS = (
    "In other software|was invented|never write a|Patients are sent to|empty secret|"
    "no Authorization header|report it here|[Ii]f this app made"
)


@pytest.fixture(scope="module")
def trace(walks: Walks, full: ThreeEhrs) -> Sequence[dict[str, Any]]:
    """What the EHR saw of all launches. It writes a request down when it has answered it: where it
    hangs, that is after the app has given up.
    """
    assert walks.all()
    until = time.monotonic() + 60
    while True:
        sent: list[dict[str, Any]] = Browser().get(f"{full.ehr_origin}/_trace").json()["requests"]
        seen = {fault["name"] for one in sent for fault in one["faults"]}
        if seen >= OF_LAUNCHES or time.monotonic() > until:
            return sent
        time.sleep(0.2)


def _triggered(trace: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The requests that a fault spoiled."""
    triggered = [one for one in trace if name in {fault["name"] for fault in one["faults"]}]
    assert triggered
    return triggered


@each("name", sorted(REFUSED))
def test_headline_and_causes_agree_with_what_the_ehr_saw(
    walks: Walks, full: ThreeEhrs, trace: Sequence[dict[str, Any]], name: str
) -> None:
    answer = walks[name].walk.end
    line = _refusal(full, answer)
    headline = in_words(answer.text.partition('<h1 id="what">')[2].partition("</h1>")[0])
    triggered = _triggered(trace, name)
    # The EHR found no error in this app's request: the fault made it refuse.
    assert not [check for one in triggered for check in one["checks"] if check["mark"] == "wrong"]
    assert not _DONE & set(line["causes"])
    first = line["causes"][0]
    said = in_words(answer.text)
    assert not re.search(_OF_OTHERS, said)
    assert "The correct authorization request" not in said
    if "canceled" in headline:
        assert "The cause: " in in_words(answer.text)
    told = WORDS[first].headline if line["code"] in {"ehr_error", "token_error"} else ""
    # If the EHR's message isn't in the catalogue, the page shows the error's own title.
    assert headline in {told, TokenError.title} if told else headline
    if line["code"] == "ehr_error" and "error" in line:
        assert any(line["error"] in one["answer"] for one in triggered)
    if first == "user_declined":
        assert any(
            re.search("access_denied|declined|said no|Unauthorized", one["answer"])
            for one in triggered
        )


@pytest.mark.calculators
@each("name", sorted({*ON_A_PAGE, *LATER, *TOLERATED}))
def test_the_ehr_found_nothing_wrong_but_what_it_was_told_to(
    walks: Walks, trace: Sequence[dict[str, Any]], name: str
) -> None:
    end = walks[name].walk.end
    triggered = _triggered(trace, name)
    checks = [check for one in triggered for check in one["checks"] if check["mark"] == "wrong"]
    assert not [check for check in checks if "an injected fault removed it" not in check["text"]]
    urn = explain.parse(end.url).urn
    if name in ON_A_PAGE and urn is not None:
        assert any(urn.rpartition(":")[2] in one["answer"] for one in triggered)
