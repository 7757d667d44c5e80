"""Publishes the EHR's keys for CDS services, at the `jku` of its JWTs (CDS Hooks 2.0, Trusting CDS
Clients; RFC 7517 section 5).
"""

import json

from flask import Blueprint, Response

from simulator import trace
from simulator.common.addresses import path_of
from simulator.vendors.installation import Installation


def cds_keys_blueprint(ehr: Installation) -> Blueprint:
    """Return the route of an EHR's keys."""
    routes = Blueprint("cds-keys", __name__)

    @routes.get(path_of(ehr.addresses.cds_keys))
    def key_set() -> Response:
        trace.begin("keys", ehr.profile.key, "The CDS service fetched the EHR's keys")
        trace.belong(ehr.cds_state.asking())
        if ehr.cds_state.hides_keys:
            trace.triggered(["cds-keys-unavailable"])
            return Response(status=500)
        response = Response(json.dumps(ehr.cds_signer.key_set()), content_type="application/json")
        response.headers["Cache-Control"] = "public, max-age=60"
        return response

    return routes
