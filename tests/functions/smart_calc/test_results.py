"""The newest value of each test, as charted: tables, and JSON of any shape."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clinical.chart.observations import ObservationReader
from clinical.chart.resources.scope import scope_of
from clinical.chart.resources.times import zone_of
from clinical.clock import Clock
from functions.smart_calc.page.latest_values import ListedValue, newest
from shared import strict_json
from shared.fhir import searchset
from shared.fhir.searchset import SearchPage
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = "https://ehr.example.org/fhir"
LOINC = "http://loinc.org"


def observation(**more: Any) -> dict[str, Any]:
    """A final sodium of the synthetic patient p1; None removes a member."""
    made = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2951-2"}], "text": "Sodium"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-20T09:00:00Z",
        "valueQuantity": {"value": 139, "unit": "mmol/L"},
    }
    return {key: value for key, value in (made | more).items() if value is not None}


def observations_in(body: bytes) -> SearchPage:
    """An answer taken apart, numbers with their digits."""
    return searchset.of_document(strict_json.parse(body, searchset.decimal), {"Observation"})


def rows(*observations: dict[str, Any]) -> list[ListedValue]:
    """What the page shows of these, after their way through JSON."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in observations]}
    page = observations_in(json.dumps(bundle).encode())
    return shown_of(page.resources)


def shown_of(resources: Iterable[Any]) -> list[ListedValue]:
    reader = ObservationReader(UTC)
    entries = [reader.entry(one) for one in scope_of([*resources], "p1", BASE).observations]
    zone = zone_of((one.heading.moment for one in entries), NOW)
    return newest(entries, Clock(NOW.astimezone(zone)))


def row(**more: Any) -> ListedValue:
    (only,) = rows(observation(**more))
    return only


def value_of(text: str, **quantity: str) -> str:
    """Return how the page shows a number that the response writes as `text`."""
    body = json.dumps(observation(valueQuantity={"value": 0.5, **quantity})).replace("0.5", text)
    (only,) = shown_of(observations_in(body.encode()).resources)
    return only.value


def test_a_result_is_shown_as_charted() -> None:
    shown = row()
    assert (shown.name, shown.value, shown.unit) == ("Sodium", "139", "mmol/L")
    assert (shown.when, shown.status) == ("20 Nov 2026 09:00", "final")
    assert (shown.mark, shown.rejected, shown.sign, shown.range) == ("", (), "", "")


@each(
    ("text", "shown"),
    [
        ("1.50", "1.50"),
        ("4.00", "4.00"),
        ("0", "0"),
        ("-0.0", "-0.0"),
        ("1e2", "100"),
        ("1.5E-3", "0.0015"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.1234567890123456789012345", "0.1234567890123456789012345"),
        ("1e999999999", "1E+999999999"),
        ("1e-999999999", "1E-999999999"),
    ],
)
def test_a_number_keeps_its_digits(text: str, shown: str) -> None:
    assert value_of(text) == shown


def test_a_number_beyond_all_use_is_left_out_alone() -> None:
    body = json.dumps(
        {
            "resourceType": "Bundle",
            "entry": [
                {"resource": observation(valueQuantity={"value": 0.5})},
                {"resource": observation(code={"text": "Other"})},
            ],
        }
    ).replace("0.5", "1e9999999999999999999999")
    part = observations_in(body.encode())
    assert [one.name for one in shown_of(part.resources)] == ["Other"]


@each("comparator", ["<", "<=", ">=", ">"])
def test_a_bound_is_shown_as_a_bound(comparator: str) -> None:
    assert value_of("0.20", comparator=comparator) == f"{comparator} 0.20"


@each("status", ["final", "preliminary", "amended", "corrected"])
def test_a_usable_status_is_named(status: str) -> None:
    assert row(status=status).status == status


@each("status", ["entered-in-error", "cancelled", "registered", "unknown"])
def test_a_status_that_withdraws_the_value_hides_it(status: str) -> None:
    older = observation(effectiveDateTime="2026-01-01", valueQuantity={"value": 1})
    (shown,) = rows(observation(status=status), older)
    assert shown.value == "1"


@each("status", [None, [], {}, 1, True])
def test_a_missing_or_malformed_status_is_said(status: object) -> None:
    assert row(status=status).status == "no status"


@each(
    ("first", "second", "newer"),
    [
        ("2026-11-20T09:00:00Z", "2026-11-20T09:00:01Z", 2),
        ("2026-11-20T09:00:00+02:00", "2026-11-20T08:00:00Z", 2),
        ("2026-11-20T09:00:00-06:00", "2026-11-20T14:00:00Z", 1),
        ("2026-11-20T09:00:00.500Z", "2026-11-20T09:00:00.4Z", 1),
        ("2026-11-20", "2026-11-20T00:00:01Z", 2),
        ("2026-11", "2026-10-31", 1),
        ("2026", "2025-12-31", 1),
        ("2025-12-31", None, 1),
        ("nonsense", "1900", 2),
        ("2026-13-01", "1900", 2),
        ("2026-11-20T99:00:00Z", "1900", 2),
        ("0001-01-01T00:00:00+14:00", "1900", 2),
        # No clock of a chart is a day ahead: such a date is a mistake, and hides nothing.
        ("9999-12-31T23:59:59-14:00", "1900", 2),
        ("2026-11-26", "1900", 2),
        ("2026-11-25T09:00:00Z", "1900", 1),
    ],
)
def test_the_newest_is_told_by_the_instant(first: str, second: str | None, newer: int) -> None:
    one = observation(effectiveDateTime=first, valueQuantity={"value": 1})
    two = observation(effectiveDateTime=second, valueQuantity={"value": 2})
    for order in ((one, two), (two, one)):
        (shown,) = rows(*order)
        assert shown.value == str(newer)


@each(
    ("text", "shown"),
    [
        ("2026-11-20T09:05:30.123-06:00", "20 Nov 2026 09:05"),
        ("2026-11-02", "2 Nov 2026"),
        ("2026-01", "Jan 2026"),
        ("2026", "2026"),
        ("2026-13-01", "no readable date: 2026-13-01"),
        ("last week", "no readable date: last week"),
        (None, "no date"),
        ("", "no date"),
        (20261120, "no date"),
    ],
)
def test_a_date_is_shown_in_the_charts_own_offset(text: object, shown: str) -> None:
    assert row(effectiveDateTime=text).when == shown


@each(
    ("dates", "shown"),
    [
        ({"effectivePeriod": {"start": "2026-01-01", "end": "2026-01-02"}}, "2 Jan 2026"),
        ({"effectivePeriod": {"start": "2026-01-01"}}, "1 Jan 2026"),
        ({"effectiveInstant": "2026-01-03T00:00:00Z"}, "3 Jan 2026 00:00"),
        ({"issued": "2026-01-04T10:00:00Z"}, "4 Jan 2026 10:00"),
        ({"effectivePeriod": [], "issued": "2026-01-04"}, "4 Jan 2026"),
    ],
)
def test_a_date_is_found_wherever_the_resource_holds_one(dates: dict[str, Any], shown: str) -> None:
    assert row(effectiveDateTime=None, **dates).when == shown


def part(value: object, unit: str | None = "mmHg") -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit}}


@each(
    ("components", "value", "unit"),
    [
        ([part(138), part(84)], "138 / 84", "mmHg"),
        ([part(138), {"dataAbsentReason": {}}], "138 / –", "mmHg"),
        ([{}, part(84)], "– / 84", "mmHg"),
        ([part(138), part(1.5, "kPa")], "138 mmHg / 1.5 kPa", ""),
        ([part(138), part(84, None)], "138 mmHg / 84 no unit", ""),
        ([part(1, "kg"), {}, part(2, "cm")], "1 kg / – / 2 cm", ""),
        (
            [{"valueString": "clear"}, {"valueCodeableConcept": {"text": "yellow"}}],
            "clear / yellow",
            "",
        ),
    ],
)
def test_a_panel_shows_its_parts_each_in_its_place(
    components: list[dict[str, Any]], value: str, unit: str
) -> None:
    shown = row(valueQuantity=None, component=components)
    assert (shown.value, shown.unit) == (value, unit)


def test_a_value_of_its_own_comes_before_the_parts() -> None:
    assert row(component=[part(1), part(2)]).value == "139"


@each(
    ("value", "shown"),
    [
        ({"valueString": "negative"}, "negative"),
        ({"valueCodeableConcept": {"text": "Positive"}}, "Positive"),
        ({"valueCodeableConcept": {"coding": [{"display": "Positive"}]}}, "Positive"),
        ({"valueCodeableConcept": {"coding": [{"code": "POS"}]}}, "POS"),
        ({"valueCodeableConcept": {"coding": [{"code": "a"}, {"display": "B"}]}}, "B"),
    ],
)
def test_a_value_in_words_is_shown_in_words(value: dict[str, Any], shown: str) -> None:
    assert row(valueQuantity=None, **value).value == shown


@each(
    "value",
    [
        {},
        {"valueQuantity": {}},
        {"valueQuantity": {"value": "139"}},
        {"valueQuantity": {"value": True}},
        {"valueQuantity": {"value": None, "unit": "mmol/L"}},
        {"valueQuantity": [139]},
        {"valueCodeableConcept": {}},
        {"valueCodeableConcept": {"coding": [{"system": LOINC}]}},
        {"valueString": " "},
        {"component": []},
        {"component": [{}, {}]},
        {"dataAbsentReason": {"text": "unknown"}},
    ],
)
def test_without_a_value_there_is_no_row(value: dict[str, Any]) -> None:
    assert rows(observation(**({"valueQuantity": None} | value))) == []


@each(
    ("quantity", "unit"),
    [
        ({"unit": "mg/dL", "code": "mg/dL"}, "mg/dL"),
        ({"code": "mg/dL"}, "mg/dL"),
        ({"unit": "10*3/uL"}, "10³/µL"),
        ({"unit": "10*9/L"}, "10⁹/L"),
        ({"unit": "m[iU]/L"}, "mIU/L"),
        ({"unit": "ng/mL{FEU}"}, "ng/mL"),
        ({"unit": "K/uL"}, "K/µL"),
        ({"unit": "{INR}"}, ""),
        ({}, "no unit"),
        ({"unit": {"text": "x"}}, "no unit"),
    ],
)
def test_the_unit_is_the_one_for_readers(quantity: dict[str, Any], unit: str) -> None:
    assert row(valueQuantity={"value": 1, **quantity}).unit == unit


@each(
    ("code", "name"),
    [
        ({"text": "Sodium", "coding": [{"display": "Na"}]}, "Sodium"),
        ({"coding": [{"system": LOINC, "code": "2951-2", "display": "Na"}]}, "Na"),
        ({"coding": [{"system": LOINC, "code": "2951-2"}]}, "2951-2"),
        ({}, "Unnamed test"),
        ("Sodium", "Unnamed test"),
        ({"text": {"a": 1}, "coding": "x"}, "Unnamed test"),
    ],
)
def test_a_test_is_named_by_what_says_most(code: object, name: str) -> None:
    assert row(code=code).name == name


def test_one_test_is_one_row_whatever_its_text() -> None:
    other_text = {"coding": [{"system": LOINC, "code": "2951-2"}], "text": "Natrium"}
    newer = observation(code=other_text, effectiveDateTime="2026-11-21")
    assert [one.name for one in rows(observation(), newer)] == ["Natrium"]


def test_the_same_code_of_another_system_is_another_test() -> None:
    local = {"coding": [{"system": "urn:local", "code": "2951-2"}], "text": "Other"}
    assert [one.name for one in rows(observation(), observation(code=local))] == ["Other", "Sodium"]


@each(
    ("reference", "shown"),
    [
        ("Patient/p1", True),
        (f"{BASE}/Patient/p1", True),
        ("Patient/p1/_history/2", True),
        ("Patient/p2", False),
        ("Patient/p11", False),
        ("Patient/xp1", False),
        ("Group/p1", False),
        ("https://other.example.org/fhir/Patient/p1", False),
        ("", False),
        (None, False),
        (["Patient/p1"], False),
    ],
)
def test_only_the_patients_own_results_are_shown(reference: object, shown: bool) -> None:
    assert bool(rows(observation(subject={"reference": reference}))) is shown


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "final", "Patient/p1", "2026-11-20", "2026-13", "<", "\ud800"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
MEMBERS = [
    *observation(),
    "component",
    "valueString",
    "valueCodeableConcept",
    "effectivePeriod",
    "issued",
]


@given(st.dictionaries(st.sampled_from(MEMBERS[1:]), JSON, max_size=6))
def test_odd_members_never_raise(odd: dict[str, Any]) -> None:
    for made in rows({**observation(), **odd}):
        assert all(isinstance(text, str) for text in (made.name, made.value, made.unit, made.when))


@given(JSON)
def test_odd_answers_never_raise(odd: Any) -> None:
    for document in (
        {"resourceType": "Bundle", "entry": odd, "link": odd},
        {"resourceType": "Bundle", "entry": [odd, {"resource": odd}], "link": [odd]},
        {"resourceType": "Observation", "code": odd, "component": [odd]},
    ):
        part = observations_in(json.dumps(document).encode())
        shown_of(part.resources)


def test_numbers_arrive_with_their_digits() -> None:
    (made,) = observations_in(json.dumps(observation()).replace("139", "1.10").encode()).resources
    assert str(made["valueQuantity"]["value"]) == "1.10"
    assert isinstance(made["valueQuantity"]["value"], Decimal)


def test_blood_pressures_stand_together_newest_first_whatever_their_codes() -> None:
    """A panel and later single values: the panel is not to be read as the newest."""

    def part(code: str, value: float) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg"},
        }

    def single(code: str, name: str, value: float) -> dict[str, Any]:
        coded = {"coding": [{"system": LOINC, "code": code}], "text": name}
        return observation(code=coded, valueQuantity={"value": value, "unit": "mmHg"})

    panel = observation(
        code={"coding": [{"system": LOINC, "code": "85354-9"}], "text": "Blood pressure"},
        effectiveDateTime="2026-11-18T09:00:00Z",
        component=[part("8480-6", 152), part("8462-4", 90)],
        valueQuantity=None,
    )
    upper = single("8480-6", "Systolic blood pressure", 146)
    lower = single("8462-4", "Diastolic blood pressure", 84)
    other = observation(code={"text": "Aldosterone"})
    shown = rows(observation(), panel, lower, other, upper)
    assert [one.value for one in shown] == ["139", "146", "84", "152 / 90", "139"]
    assert [one.remark for one in shown] == ["", "", "", "a newer reading is listed above", ""]
    alone = rows(panel)
    assert [one.remark for one in alone] == [""]
