"""Uses every public name of smart_calc.api, only for mypy: an Any in one is an error here."""

from collections.abc import Mapping, Sequence
from typing import assert_type

from smart_calc import api
from smart_calc.api import Json, Resource


@api.function
def used(call: api.Call) -> api.Reply:
    """Use each name with its type."""
    assert_type(call.method, str)
    assert_type(call.path, str)
    assert_type(call.query, Mapping[str, str])
    assert_type(call.json(), Json)
    session = assert_type(call.session(), api.Session)
    assert_type((session.patient, session.encounter), tuple[str | None, str | None])
    assert_type(session.user, Mapping[str, Json] | None)
    assert_type(session.context, Mapping[str, Json])
    resource = assert_type(session.read("Patient", session.patient), Resource)
    result = session.search("Observation", {"code": ["a", "b"]}, pages=2, patient=None)
    assert_type(result.resources, Sequence[Resource])
    assert_type(result.complete, bool)
    try:
        assert_type(session.create({**resource, "id": None}), Resource)
        assert_type(session.update(resource, if_match=None), Resource)
    except api.SmartError as error:
        assert_type((error.code, error.status), tuple[str, int])
    except api.EhrError as error:
        assert_type((error.status, error.outcome), tuple[int, Resource])
    assert_type(api.at(resource, "name", 0, "family"), Json)
    return assert_type(api.json({"a": [1, {"b": None}]}, status=201), api.Reply)


@api.function(navigation=True)
def shown(_: api.Call) -> api.Reply:
    """Use the other form."""
    return assert_type(api.html("", status=200), api.Reply)
