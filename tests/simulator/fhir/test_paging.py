from tests.simulator.app_under_test import ALMA, BRUNO, FHIR, App, ids, issue_of, json_of, links
from tests.support.tables import each


@each("count", [19, 64, 97])
def test_following_next_to_the_end_loses_and_doubles_nothing(app: App, count: int) -> None:
    token = app.token()
    pages = list(app.pages(token, f"/Observation?patient={ALMA}&_count={count}"))
    seen = [one for page in pages for one in ids(page)]
    assert len(pages) == -(-193 // count)
    assert len(seen) == len(set(seen)) == 193
    assert {page["total"] for page in pages} == {193}


def test_previous_leads_back(app: App) -> None:
    token = app.token()
    first, second, third = list(app.pages(token, "/Observation?_count=70"))
    assert "previous" not in links(first)
    assert "next" not in links(third)
    back = json_of(app.get(token, links(third)["previous"]))
    assert ids(back) == ids(second)
    assert ids(json_of(app.get(token, links(back)["previous"]))) == ids(first)
    assert ids(json_of(app.get(token, links(back)["self"]))) == ids(second)


def test_a_link_is_absolute_opaque_and_names_no_type(app: App) -> None:
    following = links(json_of(app.get(app.token(), f"/Observation?patient={ALMA}")))["next"]
    assert following.startswith(f"{FHIR}?_getpages=")
    assert "Observation" not in following
    assert ALMA not in following


def test_a_link_serves_only_the_token_that_searched(app: App) -> None:
    following = links(json_of(app.get(app.token(), "/Observation")))["next"]
    for token in (app.token(ALMA), app.token(BRUNO)):
        response = app.get(token, following)
        assert (response.status_code, issue_of(response)) == (410, "expired")


@each("number", ["0", "11", "-1", "x", "", "01", "9" * 30])
def test_a_page_that_is_not_there_is_gone(app: App, number: str) -> None:
    token = app.token()
    following = links(json_of(app.get(token, "/Observation")))["next"]
    response = app.get(token, following.replace("_page=2", f"_page={number}"))
    assert response.status_code == 410


def test_a_link_lives_ten_minutes(app: App) -> None:
    token = app.token()
    following = links(json_of(app.get(token, "/Observation")))["next"]
    app.clock.now += 599
    assert app.get(token, following).status_code == 200
    app.clock.now += 1
    assert app.get(token, following).status_code == 410


def test_a_link_may_carry_nothing_else(app: App) -> None:
    token = app.token()
    following = links(json_of(app.get(token, "/Observation")))["next"]
    for extra in ("&_count=5", "&_page=3"):
        assert app.get(token, following + extra).status_code == 400
