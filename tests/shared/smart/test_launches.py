"""A pending launch from its request to the one callback that may consume it."""

from dataclasses import replace
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.config.settings import Settings
from shared.errors import BrowserMismatch, CookieMissing, StateUnknown, StoreUnavailable
from shared.inbound import cookies
from shared.smart import launches
from shared.smart.discovery import SmartConfiguration
from shared.smart.launches import StartedLaunch
from shared.store.sqlite import SqliteStore
from tests.support.app.small_settings import small_settings
from tests.support.tables import each

ISS = "https://ehr.test/fhir"
EHR = SmartConfiguration(
    authorization_endpoint="https://ehr.test/authorize",
    token_endpoint="https://ehr.test/token",
    revocation_endpoint=None,
    issuer=None,
    jwks_uri=None,
    sends_iss=False,
    takes_post=True,
    scopes_supported=(),
    auth_methods=None,
    assertion_algorithms=None,
)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(str(tmp_path / "smart.db"), clock=lambda: 1000.0)


def _settings(scopes: str = "patient/Observation.rs") -> Settings:
    return small_settings(scopes=scopes, more="standalone = true")


def _begin(
    store: SqliteStore,
    launch: str | None = "l",
    configuration: SmartConfiguration = EHR,
    settings: Settings | None = None,
) -> StartedLaunch:
    settings = settings or _settings()
    ehr = settings.ehrs[0]
    of_it = {"iss": ISS, "fhir_base": ISS, "launch": launch, "now": 1000.0}
    return launches.begin(store, settings, ehr, configuration, **of_it)  # type: ignore[arg-type]


def _state(begun: StartedLaunch) -> str:
    return parse_qs(urlsplit(begun.authorization_url).query)["state"][0]


@each(
    ("listed", "capabilities", "requested"),
    [
        ((), (), ()),
        ((), ("context-standalone-patient",), ("launch/patient",)),
        (("openid",), ("context-standalone-patient",), ("launch/patient",)),
        # A list with resource scopes is complete.
        (("patient/*.rs",), ("context-standalone-patient",), ()),
        (("launch/patient",), (), ("launch/patient",)),
        (("launch/patient", "launch/encounter"), (), ("launch/patient", "launch/encounter")),
        (("launch/encounter",), (), ()),
    ],
)
def test_a_standalone_launch_asks_for_the_context_that_the_ehr_offers(
    store: SqliteStore,
    listed: tuple[str, ...],
    capabilities: tuple[str, ...],
    requested: tuple[str, ...],
) -> None:
    offers = replace(EHR, scopes_supported=listed, capabilities=capabilities)
    pending = launches.find(store, _state(_begin(store, None, offers))).pending
    assert pending.requested == (*requested, "patient/Observation.rs")
    ours = launches.find(store, _state(_begin(store, "l", offers))).pending
    assert ours.requested == ("launch", "patient/Observation.rs")


@each(
    ("supported", "kept"),
    [
        ((), None),
        (
            ("launch", "launch/patient", "patient/Observation.r", "patient/*.rs", "user/*.rs"),
            ("launch", "launch/patient", "patient/Observation.r", "patient/*.rs", "user/*.rs"),
        ),
        (("openid", "patient/Condition.rs", "patient/Patient.r"), ("patient/Condition.rs",)),
        (("patient/*.rs", "patient/Condition.rs"), ("patient/*.rs",)),
        (("openid",), ()),
        (("patient/*." + "c" * 490, "patient/*." + "c" * 491), ("patient/*." + "c" * 490,)),
        (tuple(f"patient/*.{n}" for n in range(201)), tuple(f"patient/*.{n}" for n in range(200))),
    ],
    ids=["none", "related", "another type", "enough", "no resources", "too long", "too many"],
)
def test_of_the_offered_scopes_those_that_explain_a_missing_one_are_stored(
    store: SqliteStore, supported: tuple[str, ...], kept: tuple[str, ...] | None
) -> None:
    offers = replace(EHR, scopes_supported=supported)
    assert launches.find(store, _state(_begin(store, "l", offers))).pending.scopes_supported == kept


def test_a_request_is_posted_when_its_url_is_longer_than_2000_characters(
    store: SqliteStore,
) -> None:
    short = len(_begin(store, "l").authorization_url)
    assert _begin(store, "l" * (2001 - short)).form is None
    posted = _begin(store, "l" * (2002 - short))
    assert posted.form is not None
    assert (posted.authorization_url, posted.form["aud"]) == (EHR.authorization_endpoint, ISS)
    assert posted.form["launch"] == "l" * (2002 - short)
    assert _begin(store, "l" * 2000, replace(EHR, takes_post=False)).form is None
    # A form has no other bytes than text.
    assert _begin(store, "%ff" + "l" * 2000).form is None


def test_a_write_that_fails_once_is_tried_again_with_a_new_state(store: SqliteStore) -> None:
    create, keys = store.create, list[str]()

    def failing(collection: str, key: str, *rest: object) -> str:
        keys.append(key)
        if len(keys) == 1:
            raise StoreUnavailable
        return create(collection, key, *rest)  # type: ignore[arg-type]

    with mock.patch.object(store, "create", failing), mock.patch("time.sleep") as pause:
        begun = _begin(store)
    # Longer than the store's client takes to connect again.
    assert 0.5 <= pause.call_args.args[0] <= 1
    assert len({*keys}) == 2
    assert launches.find(store, _state(begun)).key == keys[1]


@each("state", ["", "..", "x" * 43, "x" * 42, "x" * 44, "x" * 64, "é" * 43, "x" * 42 + "\n"])
def test_a_state_that_nobody_stored_is_unknown(store: SqliteStore, state: str) -> None:
    _begin(store)
    with pytest.raises(StateUnknown):
        launches.find(store, state)


def test_a_launch_of_another_release_is_unknown_and_says_why(store: SqliteStore) -> None:
    state = _state(_begin(store))
    key = launches.find(store, state).key
    record = store.read(launches.COLLECTION, key)
    assert record is not None
    without = {name: value for name, value in record.fields.items() if name != "iss"}
    for fields in ({**record.fields, "schema": 10_000}, without):
        version = store.read(launches.COLLECTION, key)
        assert version is not None
        store.replace(launches.COLLECTION, key, fields, 2000.0, version.version)
        with pytest.raises(StateUnknown) as refused:
            launches.find(store, state)
        assert refused.value.why == "The app was updated during this launch."


def test_only_the_browser_that_started_a_launch_may_complete_it(store: SqliteStore) -> None:
    ours, other = _begin(store), _begin(store)
    state = _state(ours)
    stored = launches.find(store, state)
    launches.check_browser(stored, state, {ours.cookie_name: (ours.cookie_value,)})
    with pytest.raises(CookieMissing):
        launches.check_browser(stored, state, {"__Host-smart-x": (ours.cookie_value,)})
    for received in (
        {other.cookie_name: (other.cookie_value,)},
        {ours.cookie_name: (other.cookie_value,)},
        {ours.cookie_name: (ours.cookie_value, ours.cookie_value)},
        {ours.cookie_name: (ours.cookie_value + "x",)},
        {ours.cookie_name: ("",)},
        {cookies.LAUNCH_PREFIX + "x": (ours.cookie_value,)},
    ):
        with pytest.raises(BrowserMismatch):
            launches.check_browser(stored, state, received)


def test_a_launch_is_consumed_once(store: SqliteStore) -> None:
    state = _state(_begin(store))
    stored = launches.find(store, state)
    launches.consume(store, stored)
    for again in (lambda: launches.find(store, state), lambda: launches.consume(store, stored)):
        with pytest.raises(StateUnknown):
            again()
