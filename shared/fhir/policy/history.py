"""Check the history of a resource before it reaches the browser (FHIR R4 http.html, "history").

Every version must belong to the requested resource, and be releasable as in a read. Entries without
a resource report deletions and prove nothing, so under patient/ scopes, at least one version must
show which patient the resource is about.
"""

from typing import Any

from shared.errors import PatientDenied, PatientUnproved, UpstreamInvalid
from shared.fhir import nested
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.disclosing import releasable
from shared.fhir.policy.interactions import Address


def check(bundle: dict[str, Any], decision: Decision) -> None:
    """Raise UpstreamInvalid or PatientDenied if the Bundle must not be released."""
    address = decision.address
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or not all(_is_entry(entry, address) for entry in entries):
        raise UpstreamInvalid(why="The EHR's response isn't the history of this resource.")
    versions = list(nested.of_answer(bundle))
    if not all(_is_version(version, address) for version in versions):
        raise UpstreamInvalid(why="The EHR's response contains more than this resource's history.")
    if not all(releasable(version, decision) for version in versions):
        raise PatientDenied(why="The EHR's response contains another patient's data.")
    tells = bool(entries) or bundle.get("total", 0) != 0
    if tells and not versions and address.type not in decision.open_types:
        raise PatientUnproved(
            why="Nothing in the history shows which patient the resource belonged to."
        )


def _is_entry(entry: Any, address: Address) -> bool:
    if not isinstance(entry, dict):
        return False
    if "resource" in entry:
        return _is_version(entry["resource"], address)
    request = entry.get("request")
    return isinstance(request, dict) and request.get("method") == "DELETE"


def _is_version(resource: Any, address: Address) -> bool:
    return (
        isinstance(resource, dict)
        and resource.get("resourceType") == address.type
        and resource.get("id") == address.id
    )
