import pytest

from simulator.ehr import VENDOR_PROFILES
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
