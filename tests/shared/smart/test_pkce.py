"""PKCE with S256 (RFC 7636), and what one `begin` after another draws (PKCE-02, STATE-01)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.config.settings import Settings
from shared.errors import DiscoveryInvalid, StateUnknown
from shared.smart import launches, pkce
from shared.smart.discovery import SmartConfiguration
from shared.smart.launches import Pending, StartedLaunch
from shared.store.sqlite import SqliteStore
from tests.support.app.small_settings import small_settings
from tests.support.tables import each

EHR = SmartConfiguration(
    authorization_endpoint="https://ehr.test/authorize",
    token_endpoint="https://ehr.test/token",
    revocation_endpoint="https://ehr.test/revoke",
    issuer="https://ehr.test/issuer",
    jwks_uri="https://ehr.test/jwks",
    sends_iss=True,
    takes_post=False,
    scopes_supported=("launch/patient",),
    auth_methods=("client_secret_basic", "private_key_jwt"),
    assertion_algorithms=("RS384", "ES384"),
)
ISS = "https://ehr.test/fhir/"


@pytest.fixture(scope="module")
def settings() -> Settings:
    more = 'standalone = true\nredirect_path = "/callback/one"'
    return small_settings(scopes="openid fhirUser patient/*.rs", more=more)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(str(tmp_path / "smart.db"), clock=lambda: 1000.0)


def _begin(
    store: SqliteStore,
    settings: Settings,
    launch: str | None = "l",
    configuration: SmartConfiguration = EHR,
) -> StartedLaunch:
    return launches.begin(
        store,
        settings,
        settings.ehrs[0],
        configuration,
        iss=ISS,
        fhir_base="https://ehr.test/fhir",
        launch=launch,
        now=1000.0,
    )


def _query(begun: StartedLaunch) -> dict[str, str]:
    parsed = parse_qs(urlsplit(begun.authorization_url).query)
    return {name: value for name, [value] in parsed.items()}


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert pkce.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_43_characters_that_rfc_7636_allows() -> None:
    verifiers = {pkce.new_verifier() for _ in range(1000)}
    assert len(verifiers) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43}", verifier) for verifier in verifiers)


def _all_places_vary(values: Sequence[str]) -> bool:
    # The last of 43 characters carries 4 bits, so 16 forms; of the others 1,000 draws miss few.
    return all(len({value[place] for value in values}) >= 16 for place in range(43))


def test_of_a_thousand_launches_none_repeats_a_state_verifier_challenge_nonce_or_cookie(
    store: SqliteStore, settings: Settings
) -> None:
    begun = [_begin(store, settings) for _ in range(1000)]
    asked = [_query(one) for one in begun]
    states = [one["state"] for one in asked]
    pending = [launches.find(store, state).pending for state in states]
    challenges = [one["code_challenge"] for one in asked]
    drawn = {
        "state": states,
        "nonce": [one["nonce"] for one in asked],
        "challenge": challenges,
        "verifier": [one.code_verifier for one in pending],
        "binding": [one.cookie_value.partition(".")[2] for one in begun],
    }
    everything = [value for values in drawn.values() for value in values]
    assert len(set(everything)) == 5 * 1000
    for values in drawn.values():
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", value) for value in values)
        assert _all_places_vary(values)
    assert [pkce.challenge(one.code_verifier) for one in pending] == challenges
    assert [one.nonce for one in pending] == drawn["nonce"]
    assert len({one.cookie_name for one in begun}) == 1000


def test_the_record_holds_what_the_callback_needs(store: SqliteStore, settings: Settings) -> None:
    begun = _begin(store, replace(settings, launch_seconds=30))
    asked = _query(begun)
    stored = launches.find(store, asked["state"])
    assert stored.key == hashlib.sha256(asked["state"].encode()).hexdigest()
    assert stored.pending == Pending(
        ehr="one",
        flow="ehr",
        iss=ISS,
        fhir_base="https://ehr.test/fhir",
        client_id="client",
        redirect_uri="https://smart.example.org/callback/one",
        requested=("launch", "openid", "fhirUser", "patient/*.rs"),
        scopes_supported=("launch/patient",),
        token_endpoint="https://ehr.test/token",
        revocation_endpoint="https://ehr.test/revoke",
        issuer="https://ehr.test/issuer",
        jwks_uri="https://ehr.test/jwks",
        sends_iss=True,
        assertion_algorithms=("RS384", "ES384"),
        code_verifier=stored.pending.code_verifier,
        nonce=asked["nonce"],
        binding=hashlib.sha256(begun.cookie_value.encode()).hexdigest(),
        other_endpoints=("https://ehr.test/authorize",),
    )
    record = store.read(launches.COLLECTION, stored.key)
    assert record is not None
    assert record.expires_at == 1000.0 + 30
    for value in (asked["state"], begun.cookie_value):
        assert value not in str(record.fields)


def test_a_standalone_launch_is_stored_as_one(store: SqliteStore, settings: Settings) -> None:
    pending = launches.find(store, _query(_begin(store, settings, None))["state"]).pending
    assert pending.flow == "standalone"
    assert pending.requested == ("launch/patient", "openid", "fhirUser", "patient/*.rs")


def test_of_two_that_found_a_launch_one_consumes_it(store: SqliteStore, settings: Settings) -> None:
    state = _query(_begin(store, settings))["state"]
    one, other = (launches.find(store, state) for _ in range(2))
    launches.consume(store, one)
    with pytest.raises(StateUnknown):
        launches.consume(store, other)


def test_nothing_is_stored_where_no_request_can_be_made(
    store: SqliteStore, settings: Settings, tmp_path: Path
) -> None:
    broken = replace(EHR, authorization_endpoint="https://ehr.test/authorize#fragment")
    with pytest.raises(DiscoveryInvalid):
        _begin(store, settings, configuration=broken)
    assert list(tmp_path.iterdir()) == []


@each(("vendor", "launch", "posted"), [("epic", None, False), ("epic", "l", True)])
def test_at_epic_a_long_standalone_request_is_never_posted(
    store: SqliteStore, settings: Settings, vendor: str, launch: str | None, posted: bool
) -> None:
    scopes = tuple(f"patient/Type{number}.rs" for number in range(150))
    ehr = replace(settings.ehrs[0], vendor=vendor, scopes=scopes)
    takes_post = replace(EHR, takes_post=True)
    begun = _begin(store, replace(settings, ehrs=(ehr,)), launch, takes_post)
    assert (begun.form is not None) is posted
    assert (len(begun.authorization_url) > launches.LONGEST_URL) is not posted
