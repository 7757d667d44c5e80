from collections import Counter
from datetime import date

from clinical.calculators.inputs import INPUTS
from clinical.chart.codes.observations import ASKED_LOINC
from clinical.queries import (
    LAB_INPUTS,
    SLOW_INPUTS,
    VITAL_INPUTS,
    Search,
    is_settled,
    request_for,
    searches,
)
from shared.vendors import VENDORS
from tests.support.charts.chart_resources import read
from tests.support.tables import each

TODAY = date(2026, 11, 24)
SEARCHES = {name: searches(profile.searches) for name, profile in VENDORS.items()}
EVERY = [(vendor, search) for vendor in VENDORS for search in SEARCHES[vendor]]


def named(vendor: str, name: str) -> Search:
    (search,) = [search for search in SEARCHES[vendor] if search.name == name]
    return search


def query(search: Search) -> dict[str, str]:
    _, parameters = request_for(search, "12345", TODAY)
    assert len(dict(parameters)) == len(parameters)
    return dict(parameters)


@each("vendor", VENDORS)
def test_a_chart_takes_seven_calls(vendor: str) -> None:
    names = [search.name for search in SEARCHES[vendor]]
    assert names == ["patient", "labs", "slow", "vitals", "social", "conditions", "drugs"]


@each(("vendor", "search"), EVERY)
def test_every_search_is_for_one_patient_and_at_most_five_pages(
    vendor: str, search: Search
) -> None:
    path, parameters = request_for(search, "12345", TODAY)
    if search.name == "patient":
        assert (path, parameters) == ("Patient/12345", ())
    else:
        assert path == search.resource_type
        assert parameters[0] == ("patient", "12345")
    assert search.page_cap == 5
    assert search.resource_type in search.reads


@each("search", SEARCHES["oracle"], ids=lambda search: search.name)
def test_oracle_is_asked_only_what_it_takes(search: Search) -> None:
    taken = {
        "Patient": set(),
        "Observation": {"patient", "category", "code", "date", "_count"},
        "Condition": {"patient"},
        "MedicationRequest": {"patient", "status", "_count"},
    }
    asked = query(search)
    assert set(asked) <= taken[search.resource_type]
    assert search.fallbacks == ()
    if search.resource_type == "Observation":
        assert len({"category", "code"} & set(asked)) == 1
        assert int(asked.get("_count", "1")) <= 200


@each(
    ("name", "since"),
    [("labs", "ge2025-11-24"), ("slow", "ge2016-11-24"), ("vitals", "ge2024-11-24")],
)
@each("vendor", VENDORS)
def test_measurements_are_bounded_by_date_and_page(vendor: str, name: str, since: str) -> None:
    asked = query(named(vendor, name))
    assert (asked["date"], asked["_count"]) == (since, "200")


def test_a_leap_day_looks_back_to_28_february() -> None:
    labs = named("oracle", "labs")
    parameters = dict(request_for(labs, "1", date(2024, 2, 29))[1])
    assert parameters["date"] == "ge2023-02-28"


def test_a_look_back_reaches_as_far_as_the_values_are_used() -> None:
    # Height alone is used for longer than it is searched for.
    for search in SEARCHES["oracle"]:
        for name in search.wanted - {"height"}:
            assert INPUTS[name].max_days <= 366 * (search.years_back or 0)


def test_every_code_of_the_dictionary_is_asked_for_once() -> None:
    codes = [
        code.removeprefix("http://loinc.org|")
        for name in ("labs", "slow", "vitals")
        for code in query(named("oracle", name))["code"].split(",")
    ]
    assert all(count == 1 for count in Counter(codes).values())
    wanted = {code for known in INPUTS.values() for code in known.loinc}
    assert wanted - set(codes) == {"8460-8", "8454-1"}
    assert {"85354-9", "55284-4"} <= set(codes)


def test_every_measured_input_is_wanted_by_one_search() -> None:
    assert Counter(LAB_INPUTS + SLOW_INPUTS + VITAL_INPUTS) == Counter(list(INPUTS))


@each("vendor", ["epic", "generic"])
@each(
    ("name", "category"),
    [("labs", "laboratory"), ("slow", "laboratory"), ("vitals", "vital-signs")],
)
def test_a_refused_list_of_codes_falls_back_to_a_category_of_the_same_dates(
    vendor: str, name: str, category: str
) -> None:
    search = named(vendor, name)
    asked, instead = query(search), query(search.fallbacks[0])
    assert instead == {"category": category} | {
        key: text for key, text in asked.items() if key != "code"
    }


@each("vendor", ["epic", "generic"])
def test_a_height_is_looked_for_among_ten_years_of_vital_signs(vendor: str) -> None:
    laboratory, height = named(vendor, "slow").fallbacks
    assert {key: text for key, text in query(height).items() if key != "_sort"} == {
        "patient": "12345",
        "category": "vital-signs",
        "_count": "200",
        "date": "ge2016-11-24",
    }
    assert height.wanted == {"height"}
    assert "height" not in laboratory.wanted
    assert laboratory.wanted | height.wanted == set(SLOW_INPUTS)


def test_epic_is_asked_for_conditions_by_category_and_else_for_all() -> None:
    search = named("epic", "conditions")
    assert query(search)["category"] == "problem-list-item,encounter-diagnosis"
    assert [query(instead) for instead in search.fallbacks] == [{"patient": "12345"}]


def test_epic_is_asked_for_medications_only_where_the_scopes_cover_them() -> None:
    search = named("epic", "drugs")
    assert query(search)["_include"] == "MedicationRequest:medication"
    assert search.reads == {"MedicationRequest", "Medication"}
    (instead,) = search.fallbacks
    assert "_include" not in query(instead)
    assert instead.reads == {"MedicationRequest"}


def test_paging_stops_once_every_wanted_input_has_a_value() -> None:
    slow = named("oracle", "slow")
    assert not is_settled(slow, ["hdl"])
    assert is_settled(slow, SLOW_INPUTS)
    assert is_settled(slow, [*SLOW_INPUTS, "sodium"])
    assert not is_settled(named("oracle", "conditions"), ["hdl"])


def test_only_a_server_that_promises_no_order_is_asked_for_one() -> None:
    for vendor, search in EVERY:
        for one in (search, *search.fallbacks):
            wanted = VENDORS[vendor].searches.sort and one.resource_type == "Observation"
            assert (query(one).get("_sort") == "-date") is wanted


@each("vendor", VENDORS)
def test_every_input_that_is_read_stays_open_where_its_search_fails(vendor: str) -> None:
    answered = Counter(name for search in SEARCHES[vendor] for name in search.answers)
    assert set(answered.values()) == {1}
    derived = {"uncontrolled_hypertension", "supplemental_oxygen"}
    assert set(answered) == set(read().findings) - set(ASKED_LOINC)
    assert derived <= set(answered)
