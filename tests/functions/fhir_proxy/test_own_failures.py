"""The app's own failures. Every failure has the form that FHIR clients expect."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask
import pytest
from werkzeug.test import EnvironBuilder

from functions.fhir_proxy import main
from shared.config.settings import Settings
from shared.errors import CdsKeysUnavailable, CodedError, Overloaded, RefreshFailed
from shared.inbound import edge
from shared.inbound.edge import Call, Reply
from tests.support.app.app import App, Launched, ehr_tables
from tests.support.app.proxy import EVERY_ANSWER_CARRIES, asked, launched, unprotected
from tests.support.app.servers import Server, free_port, serve_app
from tests.support.browser.browser import Answer
from tests.support.ehr import one_ehr
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

NO_EHR = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Deployment:
    """Two instances on one store; `other` is configured without the scripted EHRs."""

    app: App
    other: Server
    database: Path

    def ask_other(self, launch: Launched, path: str = "Patient/p1") -> Answer:
        return launch.browser.fetch(f"{self.other.origin}/fhir_proxy/{launch.handle}/{path}")


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("fhir-proxy")
    database, key = folder / "smart.db", "A" * 43
    port, bind = free_port(), free_port()
    ehrs = ehr_tables(NO_EHR, scripted)
    without = f'[[ehr]]\nkey = "one"\niss = ["{NO_EHR}/r4"]\nclient_id = "c"\nscopes = "openid"\n'
    with (
        serve_app(folder, ehrs, port=port, store=database, sealing_key=key) as first,
        serve_app(folder, without, port=port, bind=bind, store=database, sealing_key=key) as other,
    ):
        yield Deployment(App(first.origin, first, NO_EHR, scripted), other, database)


def _rename_column(database: Path, old: str, new: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"ALTER TABLE records RENAME COLUMN {old} TO {new}")


def test_without_the_store_nothing_goes_on(deployment: Deployment) -> None:
    launch, tenant = launched(deployment.app)
    _rename_column(deployment.database, "fields", "away")
    try:
        answers = [deployment.ask_other(launch, path) for path in ("Patient/p1", "session")]
    finally:
        _rename_column(deployment.database, "away", "fields")
    for answer in answers:
        assert (answer.status, answer.code) == (503, "store_unavailable")
        assert unprotected(answer) == {}
    assert asked(tenant) == []


def test_a_session_of_an_ehr_that_is_no_longer_configured_is_over(deployment: Deployment) -> None:
    launch, tenant = launched(deployment.app)
    for path in ("Patient/p1", "session", "metadata"):
        answer = deployment.ask_other(launch, path)
        assert (answer.status, answer.code) == (401, "session_expired")
    assert asked(tenant) == []


def _request() -> flask.Request:
    """What a page would ask for; the form of an error does not depend on it."""
    builder = EnvironBuilder("/fhir_proxy/x", headers=[("Accept", "text/html")])
    return flask.Request(builder.get_environ())


@pytest.fixture(scope="module")
def settings() -> Settings:
    return one_ehr.settings()


def _leaves(parent: type[CodedError]) -> list[type[CodedError]]:
    if "code" in vars(parent):
        return [parent]
    return [leaf for child in parent.__subclasses__() for leaf in _leaves(child)]


def _assert_outcome(answer: flask.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers.getlist("Content-Type") == ["application/fhir+json"]
    for name, value in EVERY_ANSWER_CARRIES.items():
        assert answer.headers.getlist(name) == [value]
    document: dict[str, Any] = answer.get_json(force=True)
    (issue,) = document["issue"]
    assert document["resourceType"] == "OperationOutcome"
    assert issue["severity"] == "error"
    assert issue["details"]["coding"][0]["code"] == code
    assert issue["diagnostics"]


@each("error", _leaves(CodedError), ids=lambda error: error.code)
def test_every_failure_is_an_outcome_with_its_code(
    settings: Settings, error: type[CodedError]
) -> None:
    def serve(_: Settings, __: Call) -> Reply:
        raise RefreshFailed(4.2) if error is RefreshFailed else error

    answer = edge.answer(_request(), main._edge, settings, serve)
    _assert_outcome(answer, error.status, error.code)
    seconds = {RefreshFailed: "5", Overloaded: "1", CdsKeysUnavailable: "5"}.get(error)
    assert answer.headers.get("Retry-After") == seconds


def test_without_a_configuration_a_request_is_told_so() -> None:
    _assert_outcome(main.fhir_proxy(_request()), 500, "misconfigured")
