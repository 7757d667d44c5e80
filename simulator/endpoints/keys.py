"""Publishes the keys that verify the EHR's id_tokens (RFC 7517 section 5)."""

import json
from collections.abc import Sequence

from flask import Blueprint, Response

from simulator import trace
from simulator.endpoints.token_faults import ELSEWHERE
from simulator.vendors.installation import Installation


def keys_blueprint(path: str, ehrs: Sequence[Installation]) -> Blueprint:
    """Return the route of a key set, shared by EHRs with the same signer."""
    routes = Blueprint("keys", __name__)

    @routes.get(path)
    def key_set() -> Response:
        trace.begin("keys", ehrs[0].profile.key, "The app fetched the signing keys")
        triggered = frozenset[str]().union(*(ehr.control.faults.trigger("jwks") for ehr in ehrs))
        trace.triggered(triggered)
        if "jwks-500" in triggered:
            return Response(status=500)
        if "jwks-redirect" in triggered:
            return Response(status=302, headers={"Location": f"{ELSEWHERE}/jwks"})
        keys = [] if "jwks-empty" in triggered else ehrs[0].signer.key_set()["keys"]
        response = Response(json.dumps({"keys": keys}), content_type="application/json")
        response.headers["Cache-Control"] = "public, max-age=60"
        return response

    return routes
