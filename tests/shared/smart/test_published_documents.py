"""Twelve discovery documents as EHRs publish them, read as a launch and the doctor read them."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from doctor.checks import ehr, ehr_keys
from doctor.finding import Checked
from shared.config import settings_file
from shared.config.settings import Settings
from shared.errors import DiscoveryInvalid
from shared.explain import AuthorizationRequest, diagnose, parse
from shared.outbound import http_client
from shared.smart import discovery, launches
from shared.smart.discovery import SmartConfiguration
from shared.store.sqlite import SqliteStore
from tests.support.ehr.published_documents import ALL, Published
from tests.support.tables import each

SCOPES = "openid fhirUser patient/Patient.rs patient/Observation.rs"
each_document = each("published", ALL, ids=lambda one: one.name)


def _settings(published: Published, hosts: tuple[str, ...] | None = None) -> Settings:
    hosts = published.hosts if hosts is None else hosts
    settings, problems = settings_file.parse(
        'public_url = "https://smart.example.org"\nsealing_keys = ["env:K"]\n'
        '[store]\nkind = "sqlite"\n'
        f'[[ehr]]\nkey = "e"\nvendor = "{published.vendor}"\niss = ["{published.base}"]\n'
        f'client_id = "c"\nscopes = "{SCOPES}"\nendpoint_hosts = {json.dumps(hosts)}\n'
    )
    assert settings is not None, problems
    return settings


def _read(published: Published, hosts: tuple[str, ...] | None = None) -> SmartConfiguration:
    (one,) = _settings(published, hosts).ehrs
    allowed = discovery.allowed_hosts(one, published.base)
    return discovery.parse(json.dumps(published.document).encode(), published.base, allowed)


@each_document
def test_a_published_document_can_be_used_as_it_stands(published: Published) -> None:
    took = _read(published)
    for member in ("authorization_endpoint", "token_endpoint", "issuer"):
        assert getattr(took, member) == published.document[member]
    assert took.jwks_uri == published.document.get("jwks_uri")
    assert took.takes_post
    assert all(map(took.takes, ("none", "client_secret_basic", "private_key_jwt")))


@each_document
def test_a_document_whose_endpoints_lie_elsewhere_says_which_host_to_allow(
    published: Published,
) -> None:
    if not published.hosts:
        return
    with pytest.raises(DiscoveryInvalid) as caught:
        _read(published, ())
    assert published.hosts[0] in caught.value.why


@each_document
def test_the_doctor_fails_none_of_them_and_warns_of_no_scope_that_is_granted(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = http_client.Answer(200, {}, json.dumps(published.document).encode())
    monkeypatch.setattr(discovery, "fetch", lambda *_: answer)
    monkeypatch.setattr(ehr_keys, "check", lambda *_: None)
    (one,) = _settings(published).ehrs
    findings: list[Checked] = ehr.look(one, None).findings
    levels = {finding.id: finding.level for finding in findings if finding.id != "clock_skew"}
    assert "fail" not in levels.values()
    unlisted = [finding.title for finding in findings if finding.id == "scope_unsupported"]
    assert not [title for title in unlisted if "doesn't list patient/" in title]
    assert {levels[name] for name in levels if name != "scope_unsupported"} == {"ok"}


@each_document
def test_a_standalone_launch_asks_for_a_patient_where_the_ehr_lets_one_be_chosen(
    published: Published, tmp_path: Path
) -> None:
    settings = _settings(published)
    (one,) = settings.ehrs
    begun = launches.begin(
        SqliteStore(str(tmp_path / "smart.db"), clock=lambda: 0.0),
        settings,
        one,
        _read(published),
        iss=published.base,
        fhir_base=published.base,
        launch=None,
        now=0.0,
    )
    query = urlsplit(begun.authorization_url).query
    asked = begun.form["scope"] if begun.form else parse_qs(query)["scope"][0]
    offered = "context-standalone-patient" in published.document["capabilities"]
    assert ("launch/patient" in asked.split()) == offered
    lists_visits = "launch/encounter" in published.document.get("scopes_supported", [])
    assert ("launch/encounter" in asked.split()) == (offered and lists_visits)


@each_document
@each("error", ["invalid_scope", "access_denied"])
def test_a_scope_that_a_list_does_not_speak_of_is_not_blamed(
    published: Published, error: str, tmp_path: Path
) -> None:
    settings = _settings(published)
    (one,) = settings.ehrs
    store = SqliteStore(str(tmp_path / "smart.db"), clock=lambda: 0.0)
    begun = launches.begin(
        store,
        settings,
        one,
        _read(published),
        iss=published.base,
        fhir_base=published.base,
        launch="abc",
        now=0.0,
    )
    query = urlsplit(begun.authorization_url).query
    state = begun.form["state"] if begun.form else parse_qs(query)["state"][0]
    pending = launches.find(store, state).pending
    sent = AuthorizationRequest(
        vendor=one.vendor,
        flow="ehr",
        scopes=pending.requested,
        scopes_supported=pending.scopes_supported,
        parameters=("response_type", "client_id", "launch", "aud", "scope"),
    )
    told = diagnose(parse(f"error={error}"), sent, where="authorize redirect")
    assert "does not list `patient/" not in " ".join(cause.why for cause in told.causes)
