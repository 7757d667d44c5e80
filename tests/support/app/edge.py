"""One request through the edge: what serves it is given, what comes out is the answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import flask
import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from shared.config.settings import Settings
from shared.errors import CodedError
from shared.inbound.edge import Call, Edge, Reply, answer
from shared.inbound.refusal import Refusal
from tests.support.ehr import one_ehr

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PAGE_EDGE = Edge("launch", "page", "launch_refused")
FHIR_EDGE = Edge("fhir_proxy", "operation_outcome", refused="fhir_denied", failed="fhir_request")


def settings(top: str = "", store: str = 'kind = "sqlite"') -> Settings:
    return one_ehr.settings(scopes="patient/Patient.r", top=top, store=store)


Serve = Callable[[Settings, Call], Reply | Refusal]


def failing(error: Exception) -> Serve:
    def serve(_: Settings, __: Call) -> Reply:
        raise error

    return serve


def refusing(error: CodedError, **known: Any) -> Serve:
    """Return a function that refuses a request with `known` details in addition to the error's."""
    return lambda _, __: replace(Refusal.of(error), **known)


def respond(
    serve: Serve,
    *,
    edge: Edge = PAGE_EDGE,
    given: Settings | None = None,
    headers: dict[str, str] | None = None,
    **request: Any,
) -> flask.Response:
    builder = EnvironBuilder(headers=Headers(headers or {}), **request)
    received = flask.Request(builder.get_environ())
    return answer(received, edge, given or settings(), serve)


def logged(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capfd.readouterr().out.splitlines()
    return dict(json.loads(line))
