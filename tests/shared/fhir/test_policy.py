"""What scopes cover, decided without a request: the cases that a session's requests don't reach in
every combination. The other tables are in tests/functions/fhir_proxy.
"""

import dataclasses
from typing import Any

import pytest

from shared import scopes
from shared.errors import CodedError, ScopeDenied
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import answers, asking, disclosing, finer_scopes, searches, write_policy
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.interactions import TABLE, Address, Kind
from shared.scopes import Grant
from tests.support.app.open_session import FHIR_BASE, access
from tests.support.tables import each

LAB = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


def _address(kind: Kind, resource_type: str = "Observation", resource_id: str = "") -> Address:
    interaction = next(one for one in TABLE if one.kind == kind)
    return Address(interaction, resource_type, resource_id)


def _grants(text: str) -> tuple[Grant, ...]:
    return tuple(grant for one in text.split() if (grant := scopes.parse(one)))


def _refused(work: Any) -> str | None:
    try:
        work()
    except CodedError as error:
        return error.code
    return None


def _observation(patient: str = "p1", **more: Any) -> dict[str, Any]:
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Observation", "id": "o1", "subject": subject, **more}


def _coded(system: str | None, code: str) -> dict[str, Any]:
    return {"coding": [{"code": code, **({"system": system} if system else {})}]}


@each(
    ("reaches", "granted", "given", "code"),
    [
        ({"Observation"}, "patient/Observation.rs", (), None),
        ({"Observation"}, "patient/Observation.s", (), None),
        ({"Observation"}, "patient/Observation.r", (), "scope_denied"),
        # What a search includes is read.
        ({"Observation", "Medication"}, "patient/*.s patient/Medication.r", (), None),
        ({"Observation", "Medication"}, "patient/*.s", (), "scope_denied"),
        ({"Observation", "Medication"}, "patient/Observation.rs", (), "scope_denied"),
        # A search of the app's own is never narrowed.
        ({"Observation"}, f"patient/Observation.rs?category={LAB}", (), "scope_denied"),
        (
            {"Observation"},
            f"patient/Observation.rs?category={LAB}",
            (("category", "laboratory"),),
            None,
        ),
        (
            {"Observation"},
            f"patient/Observation.rs?category={LAB}",
            (("category", "vital-signs"),),
            "scope_denied",
        ),
    ],
)
def test_a_search_of_the_apps_own_is_sent_as_it_is_or_not_at_all(
    reaches: set[str], granted: str, given: tuple[tuple[str, str], ...], code: str | None
) -> None:
    def decided() -> Decision:
        grants = _grants(granted)
        return asking.decide(_address("search"), given, access(), grants, frozenset(reaches))

    assert _refused(decided) == code
    if code is None:
        assert decided().parameters == (*given, ("patient", "p1"))


def test_an_interaction_without_a_scope_has_no_level() -> None:
    with pytest.raises(ValueError, match="needs no scope"):
        asking.level_of(_address("capabilities"), access(), _grants("patient/*.cruds"))


@each(
    ("element", "value", "fits"),
    [
        (None, "final", {True: False, False: True}),
        ("final", "final", True),
        ("final", "preliminary", False),
        ("final", "preliminary,final", True),
        ("final", r"preliminary\,final", False),
        ("final", "|final", True),
        ("final", "http://x|final", True),
        (_coded("http://x", "a"), "a", True),
        (_coded("http://x", "a"), "http://x|a", True),
        (_coded("http://x", "a"), "http://y|a", False),
        (_coded("http://x", "a"), "|a", False),
        (_coded(None, "a"), "|a", True),
        (_coded(None, "a"), "http://x|a", False),
        (_coded("http://x", "a"), "http://x|", True),
        (_coded("http://x", "a"), "http://x|b", False),
        ([_coded("http://x", "a"), _coded("http://y", "b")], "http://y|b", True),
        ([_coded("http://x", "a"), _coded("http://y", "b")], "http://x|b", False),
        ({"text": "a"}, "a", False),
    ],
)
def test_a_resource_fits_a_scopes_parameter_by_the_codes_that_it_shows(
    element: Any, value: str, fits: bool | dict[bool, bool]
) -> None:
    resource = _observation(**({} if element is None else {"status": element}))
    for must_show in (True, False):
        wanted = fits[must_show] if isinstance(fits, dict) else fits
        filters = frozenset({("status", value)})
        assert finer_scopes.fits(resource, filters, must_show=must_show) is wanted


@each(
    ("resource_type", "name", "is_shown"),
    [
        ("Observation", "code", True),
        ("Observation", "category", True),
        ("Encounter", "status", True),
        # Named as an element of another meaning.
        ("AllergyIntolerance", "code", False),
        ("Observation", "code:in", False),
        ("Observation", "subject", False),
    ],
)
def test_only_parameters_that_are_named_as_their_element_are_read_there(
    resource_type: str, name: str, is_shown: bool
) -> None:
    resource = {"resourceType": resource_type, name: _coded("http://x", "other")}
    filters = frozenset({(name, "wanted")})
    assert finer_scopes.fits(resource, filters, must_show=False) is not is_shown
    assert not finer_scopes.fits(resource, filters, must_show=True)


@each(
    ("granted", "level", "elements", "sent"),
    [
        ("patient/Observation.rs", "patient", "code", "code,subject"),
        ("patient/Observation.rs", "patient", "code,subject", "code,subject"),
        ("patient/Observation.rs", "patient", "", ""),
        ("user/Observation.rs", "user", "code", "code"),
        (
            "patient/Observation.rs?category=x patient/Observation.rs?status=y",
            "patient",
            "code",
            "code,category,status,subject",
        ),
        # The parameters of the other level, and those that no element shows.
        ("user/Observation.rs?category=x", "patient", "code", "code,subject"),
        ("patient/Observation.rs?date=ge2020", "patient", "code", "code,subject"),
    ],
)
def test_elements_are_completed_by_what_shows_that_a_resource_may_be_released(
    granted: str, level: scopes.Level, elements: str, sent: str
) -> None:
    parameters = (("_elements", elements), ("code", "x"))
    found = searches.with_elements(parameters, "Observation", level, list(_grants(granted)))
    assert found == (("_elements", sent), ("code", "x"))


@each(
    ("granted", "sent", "repeats"),
    [
        ("patient/Observation.rs?status=a", "status=a", False),
        ("patient/Observation.rs?status=a", "status=a&status=b", True),
        # A scope whose parameters the search doesn't have isn't the one that covers it.
        (
            "patient/Observation.rs?status=a patient/Observation.rs?category=b",
            "status=a&category=c",
            False,
        ),
        ("patient/Observation.rs?status=a patient/Observation.rs", "status=a&status=b", False),
        ("user/Observation.rs?status=a", "status=a&status=b", False),
    ],
)
def test_a_parameter_of_a_scope_that_a_search_repeats_must_be_shown(
    granted: str, sent: str, repeats: bool
) -> None:
    parameters = tuple(tuple(one.split("=")) for one in sent.split("&"))
    found = searches.repeats_filter(
        parameters,  # type: ignore[arg-type]
        "Observation",
        "patient",
        list(_grants(granted)),
    )
    assert found is repeats


@each(
    ("resource", "is_covered"),
    [
        (_observation(), True),
        (_observation(status="final"), True),
        (_observation(status="preliminary"), False),
        # What wasn't asked for must show that it fits.
        ({"resourceType": "Condition", "category": _coded(None, "x")}, True),
        ({"resourceType": "Condition"}, False),
        ({"resourceType": "Practitioner"}, True),
        ({"resourceType": "Encounter"}, False),
        ({"resourceType": 5}, False),
        ({}, False),
    ],
)
def test_a_resource_in_a_response_is_covered_by_a_scope_for_its_type(
    resource: dict[str, Any], is_covered: bool
) -> None:
    granted = "patient/Observation.rs?status=final patient/Condition.r?category=x"
    grants = _grants(f"{granted} patient/Practitioner.r")
    decision = asking.decide(_address("search"), (("status", "final"),), access(), grants)
    assert disclosing.is_covered(resource, decision) is is_covered
    strict = dataclasses.replace(decision, must_show=True)
    assert disclosing.is_covered(resource, strict) is (is_covered and resource != _observation())


@each(
    ("granted", "level", "open_types", "returns"),
    [
        ("patient/*.cruds", "patient", set(), True),
        ("patient/*.cud", "patient", set(), False),
        ("patient/*.cud patient/Observation.r?status=a", "patient", set(), False),
        ("user/*.cruds", "user", {"Observation"}, True),
        ("user/*.cud", "user", set(), False),
        ("user/*.cud patient/Observation.r", "user", set(), True),
        ("patient/*.cud user/Observation.r", "patient", set(), True),
    ],
)
def test_a_write_returns_only_what_may_be_read(
    granted: str, level: scopes.Level, open_types: set[str], returns: bool
) -> None:
    decision = write_policy.decide(
        _address("update", resource_id="o1"), (), access(), _grants(granted)
    )
    assert (decision.level, decision.open_types) == (level, frozenset(open_types))
    assert decision.returns is returns


@each(
    ("status", "resource", "code"),
    [
        (200, None, None),
        (200, _observation(), None),
        (201, _observation(), None),
        (299, _observation("p2"), "patient_denied"),
        (200, {**_observation(), "resourceType": "Condition"}, "upstream_invalid"),
        (200, {"resourceType": "OperationOutcome"}, None),
        (200, {"resourceType": "OperationOutcome", "contained": [_observation("p2")]}, "denied"),
        # An error may have any body, which isn't passed on as the written resource.
        (300, {**_observation(), "resourceType": "Condition"}, None),
        (422, {"resourceType": "OperationOutcome", "contained": [_observation("p2")]}, "denied"),
    ],
)
def test_the_response_to_a_write_is_the_written_resource_or_remarks(
    status: int, resource: dict[str, Any] | None, code: str | None
) -> None:
    decision = write_policy.decide(
        _address("update", resource_id="o1"), (), access(), _grants("patient/*.cruds")
    )
    answer = FhirAnswer(status, {}, b"", resource, {})
    refused = _refused(lambda: answers.check_written(answer, decision))
    assert refused == ("patient_denied" if code == "denied" else code)


def _counted(**changes: Any) -> FhirAnswer:
    bundle = {"resourceType": "Bundle", "total": 5, "link": changes.pop("link", [])}
    return dataclasses.replace(FhirAnswer(200, {}, b"", bundle, {}), **changes)


@each(
    ("answer", "strict", "is_proved"),
    [
        (_counted(), True, True),
        (_counted(), False, False),
        (_counted(status=404, resource=None), False, True),
        (_counted(set_aside=1), False, True),
        (_counted(link=[{"relation": "self", "url": f"{FHIR_BASE}/O?patient=p1"}]), False, True),
        (_counted(link=[{"relation": "self", "url": f"{FHIR_BASE}/O?patient=p2"}]), False, False),
        # Only the `self` link has the parameters that were used.
        (_counted(link=[{"relation": "next", "url": f"{FHIR_BASE}/O?patient=p1"}]), False, False),
    ],
)
def test_a_total_without_resources_is_believed_if_it_counts_the_patients(
    answer: FhirAnswer, strict: bool, is_proved: bool
) -> None:
    grants = _grants("patient/Observation.rs")
    decision = asking.decide(_address("search"), (("_summary", "count"),), access(), grants)
    refused = _refused(lambda: answers.check_total(answer, decision, strict=strict))
    assert refused == (None if is_proved else "upstream_invalid")


def test_a_search_that_omits_what_would_show_a_scopes_parameter_is_refused() -> None:
    grants = list(_grants("patient/Observation.rs?category=x"))
    sent = (("category", "x"), ("_summary", "text"))
    with pytest.raises(ScopeDenied):
        searches.repeats_filter(sent, "Observation", "patient", grants)
