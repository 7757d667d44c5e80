"""The patient banner: tables, and JSON of any shape."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.smart_calc.page.banner import Banner, read
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FULL: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Testpatient", "given": ["Alma", "B."]}],
    "birthDate": "1968-03-14",
    "gender": "female",
    "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "SYN-1"}],
}


def banner(**more: Any) -> Banner:
    return read({**FULL, **more}, NOW)


def test_a_banner_tells_one_patient_from_another() -> None:
    assert banner() == Banner("Alma B. Testpatient", "14 Mar 1968", 58, "female", "SYN-1", False)


def test_what_is_not_charted_is_said_to_be_unknown() -> None:
    assert read({}, NOW) == Banner("Name not given", "unknown", None, "unknown", "", False)


OFFICIAL = {"use": "official", "text": "Official"}
USUAL = {"use": "usual", "text": "Usual"}
NICK = {"use": "nickname", "text": "Nick"}
OLD = {"use": "old", "text": "Old"}


@each(
    ("names", "shown"),
    [
        ([NICK, USUAL, OFFICIAL], "Official"),
        ([NICK, USUAL], "Usual"),
        ([OLD, NICK], "Nick"),
        ([OLD], "Old"),
        ([{"text": "No Use"}], "No Use"),
        ([{"use": "official"}, NICK], "Nick"),
        ([{"use": "official", "text": " ", "family": "F"}], "F"),
        ([{"given": ["A", None, 1, ""], "family": "F"}], "A F"),
        ([{"given": "A", "family": "F"}], "F"),
        ([{"use": ["official"], "text": "Odd"}], "Odd"),
        ([], "Name not given"),
        ({"text": "No List"}, "Name not given"),
        ([None, "x", 1], "Name not given"),
    ],
)
def test_the_name_is_the_official_one_or_the_next_best(names: object, shown: str) -> None:
    assert banner(name=names).name == shown


@each(
    ("born", "age"),
    [
        ("1968-11-24", 58),
        ("1968-11-25", None),
        ("1968-11-26", 57),
        ("2026-11-24", 0),
        ("2024-02-29", 2),
        ("2026-11-25", None),
        ("1968-03", None),
        ("1968", None),
        ("1968-02-30", None),
        ("", None),
        (None, None),
        (19680314, None),
    ],
)
def test_the_age_is_in_completed_years_and_only_of_a_full_date(
    born: object, age: int | None
) -> None:
    """The day before a birthday, the age depends on the time zone, so only the birth date shows."""
    assert banner(birthDate=born).age == age


@each(
    ("deceased", "expected"),
    [
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2026-01-01"}, True),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": "true"}, False),
        ({}, False),
    ],
)
def test_a_dead_patient_is_marked_and_grows_no_older(
    deceased: dict[str, object], expected: bool
) -> None:
    made = banner(**deceased)
    assert made.deceased is expected
    assert (made.age is None) is expected


@each(
    ("identifiers", "mrn"),
    [
        ([{"type": {"coding": [{"code": "SS"}]}, "value": "1"}], ""),
        ([{"type": {"coding": [{"code": "SS"}, {"code": "MR"}]}, "value": "2"}], "2"),
        (
            [
                {"type": {"coding": [{"code": "MR"}]}},
                {"type": {"coding": [{"code": "MR"}]}, "value": "3"},
            ],
            "3",
        ),
        ([{"value": "4"}], ""),
        ([{"type": "MR", "value": "5"}], ""),
        ([{"type": {"coding": [{"code": "MR"}]}, "value": {"a": 1}}], ""),
        (None, ""),
    ],
)
def test_the_record_number_is_the_identifier_of_type_mr(identifiers: object, mrn: str) -> None:
    assert banner(identifier=identifiers).mrn == mrn


@each(
    ("born", "shown", "year"),
    [
        ("1968-03-14", "14 Mar 1968", "1968"),
        ("1968-03", "Mar 1968", "1968"),
        ("1968", "1968", "1968"),
        (None, "unknown", ""),
        ("soon", "unknown", ""),
        ("1968-03-14 CHA2DS2-VASc 0", "unknown", ""),
        ("1968-03-14T00:00", "unknown", ""),
    ],
)
def test_only_a_date_is_shown_as_the_birth_date(born: str | None, shown: str, year: str) -> None:
    made = banner(birthDate=born)
    assert (made.birth_date, made.year) == (shown, year)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["use", "text", "given", "family", "type", "coding", "code", "value"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*FULL, "deceasedBoolean", "deceasedDateTime"]), JSON))
def test_odd_patients_never_raise(odd: dict[str, Any]) -> None:
    made = read(odd, NOW)
    texts = (made.name, made.birth_date, made.sex, made.mrn, made.year)
    assert all(isinstance(text, str) for text in texts)
    assert made.name
