"""Conditional reads (FHIR R4 http.html, "Conditional read"; RFC 9110 13).

For another patient's resource, the EHR's 304 would disclose that it exists and in which version. So
under patient/ scopes, the resource itself is read, and the condition is evaluated here, after the
check. Only the launch's own Patient is proved by its URL.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime

from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.interactions import Address

# Relay only header values of printable ASCII characters.
HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,200}")
_IF_NONE_MATCH, _IF_MODIFIED_SINCE = "If-None-Match", "If-Modified-Since"
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


def _given(address: Address, headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: headers[name]
        for name in (_IF_NONE_MATCH, _IF_MODIFIED_SINCE)
        if address.interaction.patient_rule == "answer"
        and HEADER_VALUE.fullmatch(headers.get(name, ""))
    }


def passed_on(decision: Decision, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the conditions to send to the EHR."""
    address = decision.address
    proved = address.type == "Patient" and address.id == decision.compartment.patient
    return _given(address, headers) if decision.level == "user" or proved else {}


def answered(answer: FhirAnswer, decision: Decision, headers: Mapping[str, str]) -> FhirAnswer:
    """Return the response to a checked read, or 304 if the caller's condition requires it."""
    given = _given(decision.address, headers)
    if answer.status != 200 or not given or passed_on(decision, headers):
        return answer
    if _is_unchanged(answer.headers, given):
        return replace(answer, status=304, body=b"", resource=None)
    return answer


def _is_unchanged(answer: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Evaluate RFC 9110 13.1.2 and 13.1.3: If-None-Match, compared weakly, precedes
    If-Modified-Since.
    """
    tags = given.get(_IF_NONE_MATCH)
    if tags is not None:
        return includes(tags, answer.get("etag", "").strip())
    try:
        changed = parsedate_to_datetime(answer.get("last-modified", ""))
        return changed <= parsedate_to_datetime(given[_IF_MODIFIED_SINCE])
    except (ValueError, TypeError, OverflowError):
        return False


def includes(tags: str, version: str) -> bool:
    """Return whether a list of entity tags, or `*`, has a version, compared weakly as in FHIR."""
    current = _ETAG.fullmatch(version)
    if tags.strip() == "*":
        return True
    if current is None:
        # Not a valid entity tag. Some EHRs leave the quotes out.
        return version != "" and version in {one.strip() for one in tags.split(",")}
    return current[1] in _ETAG.findall(tags)
