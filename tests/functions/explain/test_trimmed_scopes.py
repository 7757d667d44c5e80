"""A launch that succeeds with fewer scopes than requested: every view reports it and the reason."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator import demo
from tests.support.app.servers import free_port
from tests.support.ehr.three_ehrs import ThreeEhrs, Walk, in_words, serve_copy, serve_ehrs
from tests.support.tables import each

_IDENTITY = "openid fhirUser online_access"
# One app asks for wildcards of Oracle Health, and of the generic EHR for a type that is not in the
# app's registration there; the other asks an app of SMART v2 at Oracle Health in v1.
WILDCARD = {
    "oracle": f"{_IDENTITY} patient/*.rs",
    "simulated": f"{_IDENTITY} patient/Patient.rs patient/Observation.rs patient/Procedure.rs",
}
VERSION_ONE = {"oracle": f"{_IDENTITY} patient/Patient.read patient/Observation.read"}


@dataclass(frozen=True)
class Case:
    """How scopes are lost: at which copy and EHR, and what becomes of them."""

    copy: str
    ehr: str
    fault: str
    causes: Mapping[str, str]
    # A request that a lost scope would have covered.
    denied: str = "Observation?category=laboratory"
    title: str = "The app isn't registered for a scope that it requests."


# What the app of `make run` asks for.
_CONFIGURATION = tomllib.loads(demo.configuration("http://a", "http://b", Path("k"), Path("s")))
_ASKED: list[str] = _CONFIGURATION["ehr"][0]["scopes"].split()
_RESOURCES = tuple(scope for scope in _ASKED if scope.startswith("patient/"))
_SYNTAX = "The scopes use the other SMART version's syntax, or a wildcard."
CASES = {
    "wildcard": Case("wildcard", "oracle", "", {"patient/*.rs": "scope_syntax"}, title=_SYNTAX),
    "v1 of a v2 app": Case(
        "version_one",
        "oracle",
        "",
        dict.fromkeys(("patient/Patient.read", "patient/Observation.read"), "scope_syntax"),
        title=_SYNTAX,
    ),
    "not registered": Case(
        "wildcard",
        "generic",
        "",
        {"patient/Procedure.rs": "scope_not_registered"},
        denied="Procedure",
    ),
    "trimmed at the token": Case(
        "unchanged",
        "generic",
        "token-trim-scopes",
        dict.fromkeys(_RESOURCES, "scope_not_registered"),
    ),
    "one type trimmed": Case(
        "unchanged",
        "oracle",
        "grant-without-observation",
        {"patient/Observation.rs": "scope_not_registered"},
    ),
}


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, ThreeEhrs]]:
    folder = tmp_path_factory.mktemp("trimmed")
    one, two, three = free_port(), free_port(), free_port()
    with (
        serve_ehrs(
            folder, *(f"http://localhost:{port}" for port in (one, two, three))
        ) as ehr_origin,
        serve_copy(folder, ehr_origin, one, scopes=WILDCARD) as wildcard,
        serve_copy(folder, ehr_origin, two, scopes=VERSION_ONE) as version_one,
        serve_copy(folder, ehr_origin, three) as as_it_is,
    ):
        yield {"wildcard": wildcard, "version_one": version_one, "unchanged": as_it_is}


@dataclass(frozen=True)
class Lost:
    """A launch that lost scopes, and the copy of the app that it opened."""

    app: ThreeEhrs
    walk: Walk


@pytest.fixture(scope="module")
def lost(apps: Mapping[str, ThreeEhrs]) -> Mapping[str, Lost]:
    """A launch for each case."""
    walked = {
        name: Lost(apps[one.copy], apps[one.copy].walk(one.ehr, one.fault))
        for name, one in CASES.items()
    }
    assert all(one.walk.session for one in walked.values())
    return walked


@each("name", CASES)
def test_the_session_names_each_missing_scope_and_its_cause(
    lost: Mapping[str, Lost], name: str
) -> None:
    case, one = CASES[name], lost[name]
    scope = one.app.fetch(one.walk, "session").json()["scope"]
    assert scope["causes"] == case.causes
    assert scope["missing"] == list(case.causes)
    assert not set(scope["missing"]) & set(scope["granted"])


@each("name", CASES)
def test_the_log_of_the_launch_warns_of_it(lost: Mapping[str, Lost], name: str) -> None:
    case, one = CASES[name], lost[name]
    (line,) = one.app.log_of(one.walk.end)
    assert (line["event"], line["severity"]) == ("callback_completed", "WARNING")
    assert line["causes"] == [f"{scope}: {cause}" for scope, cause in case.causes.items()]
    assert line["missing"] == list(case.causes)


@pytest.mark.calculators
@each("name", CASES)
def test_the_apps_page_says_it_with_the_cause_and_what_the_administrator_does(
    lost: Mapping[str, Lost], name: str
) -> None:
    case, one = CASES[name], lost[name]
    page = one.app.page(one.walk)
    assert page.status == 200
    said = in_words(page.text)
    assert "Requested, but not granted" in said
    assert f"For the administrator: {case.title.rstrip('.')}" in said
    missing = page.text.partition('id="missing"')[2].partition("</section>")[0]
    for scope in case.causes:
        assert f'<code class="tag warn">{scope}</code>' in missing
    assert missing.count("<li>") > len(case.causes)


@each("name", CASES)
def test_a_request_that_needed_it_is_refused_for_the_same_cause(
    lost: Mapping[str, Lost], name: str
) -> None:
    case, one = CASES[name], lost[name]
    answer = one.app.fetch(one.walk, case.denied)
    assert (answer.status, answer.code) == (403, "scope_denied")
    (line,) = one.app.log_of(answer)
    assert line["not_granted"] in case.causes
    assert line["causes"] == [case.causes[line["not_granted"]]]
    told = answer.json()["issue"][0]["diagnostics"]
    assert f"{line['not_granted']} was requested but not granted" in told
    assert line["cause"] in told
    assert line["fix"] in told


@pytest.mark.calculators
def test_a_scope_of_the_other_smart_version_brings_the_advice_to_look_at_the_version(
    lost: Mapping[str, Lost],
) -> None:
    one = lost["v1 of a v2 app"]
    said = in_words(one.app.page(one.walk).text)
    assert "in the syntax of the SMART version that the app isn't registered for" in said
    assert "check the app's SMART Version (it's fixed at registration)" in said
    # Nothing tells it from an app without these scopes: that is named as well.
    assert "select each resource in scopes" in said
