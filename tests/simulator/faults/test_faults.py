import pytest

from simulator.ehr import VENDOR_PROFILES
from simulator.endpoints import discovery_faults, identity, token_faults
from simulator.endpoints.fhir import bearer
from simulator.faults.named import FAULTS, Faults, UnknownFaultError
from tests.support.tables import each


def test_a_fault_is_triggered_at_its_own_place_only() -> None:
    chosen = Faults("token-500,fhir-401")
    assert chosen.trigger("exchange") == {"token-500"}
    assert chosen.trigger("fhir") == {"fhir-401"}
    assert chosen.trigger("refresh") == frozenset()


def test_a_fault_is_triggered_always_or_as_often_as_was_said() -> None:
    chosen = Faults("refresh-500:2,refresh-slow")
    strikes = [chosen.trigger("refresh") for _ in range(4)]
    assert strikes == [{"refresh-500", "refresh-slow"}] * 2 + [{"refresh-slow"}] * 2
    assert (chosen.has("refresh-500"), chosen.has("refresh-slow")) == (False, True)


def test_no_text_is_no_fault() -> None:
    assert all(not Faults("").trigger(fault.place) for fault in FAULTS.values())


@each(
    "text",
    ["nothing", "token-500:0", "token-500:-1", "token-500:x", "token-500:", "token-500:1001", " "],
)
def test_a_text_that_names_no_fault_is_refused(text: str) -> None:
    with pytest.raises(UnknownFaultError):
        Faults(text)


def test_every_fault_has_a_title_and_ehrs_that_exist() -> None:
    keys = {one.key for one in VENDOR_PROFILES}
    assert all(fault.title for fault in FAULTS.values())
    assert all(fault.ehrs and set(fault.ehrs) <= keys for fault in FAULTS.values())


# Faults whose effect isn't one entry in a table.
WRITTEN_OUT = {
    "slow",
    "reply-lost",
    "dead",
    "life-1s",
    "life-5s",
    "life-30s",
    "empty-scope",
    "trim-scopes",
    "more-scopes",
    "other-patient",
    "other-subject",
    "no-rotation",
    "id-token-new-key",
    "id-token-bad-signature",
    "id-token-unsigned",
}


def test_every_token_fault_has_one_effect_and_every_effect_a_fault() -> None:
    tables = [
        token_faults.ERRORS,
        token_faults.ANSWERS,
        token_faults.CHANGES,
        identity.CHANGES,
        identity.HEADERS,
        identity.ALGORITHMS,
        WRITTEN_OUT,
    ]
    named = token_faults.effects(
        fault.name for fault in FAULTS.values() if fault.place in ("exchange", "refresh")
    )
    effects = [effect for table in tables for effect in table]
    assert sorted(effects) == sorted(named)


def test_every_fhir_fault_has_an_effect() -> None:
    named = {fault.name for fault in FAULTS.values() if fault.place == "fhir"}
    assert named == {*bearer.ERRORS, "fhir-slow"}


def test_every_discovery_fault_has_one_effect() -> None:
    named = [fault.name for fault in FAULTS.values() if fault.place == "discovery"]
    effects = [*discovery_faults.ANSWERS, *discovery_faults.CHANGES, "discovery-slow"]
    assert sorted(named) == sorted(effects)
