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


def test_a_body_that_is_too_large_is_refused_and_recorded(app: App) -> None:
    response = app.http.post("/generic/token", data={"code": "x" * 1_100_000})
    assert response.status_code == 413
    assert json_of(app.http.get("/_recorded"))["requests"][0]["status"] == 413
