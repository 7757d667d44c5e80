"""A project's function for tests: what the path and method name, as below a FHIR base."""

import sys
from ast import literal_eval

from smart_calc import api


@api.function
def probe(call: api.Call) -> api.Reply:
    """Read, search, create and update; or fail, or tell what came."""
    if call.path == "/raises":
        raise ValueError("sentinel")
    if call.path == "/nothing":
        return None  # type: ignore[return-value]
    if call.path == "/exits":
        sys.exit("sentinel")
    if call.path == "/reply":
        return api.Reply(*literal_eval(call.query["made"]))  # type: ignore[misc]
    if call.path.startswith("/came"):
        body = call.json() if call.method == "POST" else None
        return api.json([call.method, call.path, call.query, body])
    session = call.session()
    resource_type, _, resource_id = call.path.removeprefix("/").partition("/")
    if call.method in {"POST", "PUT"}:
        sent = call.json()
        assert isinstance(sent, dict)
        made = session.create(sent) if call.method == "POST" else session.update(sent)
        return api.json(made, status=201)
    if resource_id:
        return api.json(session.read(resource_type, resource_id))
    result = session.search(resource_type, call.query)
    return api.json({"matches": result.resources, "complete": result.complete})
