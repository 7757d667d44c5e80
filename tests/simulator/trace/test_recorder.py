import pytest

from simulator.trace import recorder
from tests.simulator.app_under_test import ALMA, App, json_of


def test_requests_are_listed_as_they_came(app: App) -> None:
    app.get("guess", f"/Observation?patient={ALMA}&code=a%7Cb")
    app.exchange("some code")
    read, exchange = json_of(app.http.get("/_recorded"))["requests"]
    assert read["method"] == "GET"
    assert read["path"] == "/generic/fhir/Observation"
    assert read["query"] == f"patient={ALMA}&code=a%7Cb"
    assert ["Authorization", "Bearer guess"] in read["headers"]
    assert read["status"] == 401
    assert exchange["status"] == 400
    assert ["code", "some code"] in exchange["form"]
    assert exchange["time"] >= read["time"]


def test_only_requests_after_a_number_are_listed(app: App) -> None:
    app.http.get("/one")
    number = json_of(app.http.get("/_recorded"))["requests"][0]["number"]
    app.http.get("/two")
    later = json_of(app.http.get(f"/_recorded?after={number}"))["requests"]
    assert [one["path"] for one in later] == ["/two"]


def test_the_list_can_be_cleared(app: App) -> None:
    app.http.get("/one")
    assert app.http.delete("/_recorded").status_code == 204
    assert json_of(app.http.get("/_recorded")) == {"requests": []}


def test_the_newest_2000_requests_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorder.MOST_RECORDS == 2000
    monkeypatch.setattr(recorder, "MOST_RECORDS", 20)
    app = App()
    for _ in range(21):
        app.http.get("/generic/token")
    requests = json_of(app.http.get("/_recorded"))["requests"]
    assert (len(requests), requests[0]["number"]) == (20, 2)


def test_a_body_that_is_too_large_is_refused_and_recorded(app: App) -> None:
    response = app.http.post("/generic/token", data={"code": "x" * 1_100_000})
    assert response.status_code == 413
    assert json_of(app.http.get("/_recorded"))["requests"][0]["status"] == 413
