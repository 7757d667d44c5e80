"""The error pages of Oracle Health's authorization server: the target of `error_uri`, and the page
that the browser shows if the app gets no response.
"""

import re

from flask import Blueprint, Response

from simulator.common.html import fault_page
from simulator.faults import oracle_errors, oracle_faults

_NAMESPACE = "urn:cerner:error:authorization-server:"
_INSTANCE = re.compile(r"[0-9A-Za-z-]{1,64}")


def error_pages_blueprint() -> Blueprint:
    """Return the route of the pages."""
    routes = Blueprint("oracle-errors", __name__)

    @routes.get("/errors/<urn>/instances/<instance>")
    def error(urn: str, instance: str) -> Response:
        # A URL that was encoded one time too many still shows its page.
        tail = urn.replace("%3A", ":").removeprefix(_NAMESPACE)
        if _INSTANCE.fullmatch(instance) is None:
            return fault_page(404, "No such error", "This EHR didn't create this URL.")
        meaning = oracle_faults.MEANINGS.get(tail, "an error without a description")
        return fault_page(
            400,
            "The app couldn't be started",
            "",
            facts={"Error": f"{_NAMESPACE}{tail}", "Correlation ID": instance},
            heading="For support",
            why=oracle_errors.reason(instance) or meaning,
        )

    return routes
