"""Interpret a bare HTTP status by the URL that returned it (RFC 9110 15).

The status counts only if the text has no error, message or code.
"""

import re
from collections.abc import Iterator, Mapping

from shared.explain.model import CauseId
from shared.explain.ranking.facts import Evidence, Facts

_SOURCE = "RFC 9110: https://www.rfc-editor.org/rfc/rfc9110"
_SERVER_ERROR = 500
# The words that identify each kind of URL, the most specific first.
_PLACES: Mapping[str, str] = {
    "discovery": r"(?:smart|openid)-configuration",
    "token": r"/token\b|token (?:endpoint|request|call|url)",
    "authorize": r"/auth(?:orize)?\b|authori[sz]e (?:endpoint|url|request)",
    "FHIR": r"\b(?:GET|PUT|POST|DELETE|PATCH)\b|/fhir\b|/r4\b|/(?:Patient|Observation|Condition)\b",
}
_NEAR = 160


_FORM = "Send the token request as a form (`application/x-www-form-urlencoded`) in the body."
_ACCEPT = (
    "Send `Accept: application/fhir+json`, and for writes, send the same value as `Content-Type`."
)
# The kind of URL, its statuses, their likely cause, and its first step.
_MEANINGS: tuple[tuple[str, frozenset[int], CauseId, tuple[str, ...]], ...] = (
    ("discovery", frozenset({404}), "discovery_missing", ()),
    ("token", frozenset({404, 405}), "endpoint_wrong", ()),
    ("authorize", frozenset({404, 405}), "endpoint_wrong", ()),
    ("token", frozenset({415}), "request_malformed", (_FORM,)),
    ("token", frozenset({401}), "client_auth_wrong", ()),
    ("FHIR", frozenset({406, 415}), "fhir_request_invalid", (_ACCEPT,)),
    ("FHIR", frozenset({422}), "fhir_request_invalid", ()),
)


def evidence(facts: Facts) -> Iterator[Evidence]:
    """Yield the cause for the status of a pasted response, if nothing else supports one."""
    status, named = facts.message.status, facts.message.urn or facts.message.oauth_error
    if not facts.from_text or status is None or facts.entries or named:
        return
    place = _place(facts.pasted, status)
    if place is not None and status >= _SERVER_ERROR:
        why = "The server, or a proxy in front of it, failed."
        yield Evidence("ehr_side", "likely", why, _SOURCE)
    for where, statuses, cause, steps in _MEANINGS:
        if where == place and status in statuses:
            why = f"The {where} URL returned status {status}."
            yield Evidence(cause, "likely", why, _SOURCE, steps)


def _place(text: str, status: int) -> str | None:
    """Return the kind of URL that returned the status, by the words around it."""
    for match in re.finditer(rf"\b{status}\b", text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.end() + _NEAR].split("\n", 1)[0]
        for around in (line, text[max(0, match.start() - _NEAR) : match.end() + _NEAR]):
            for place, words in _PLACES.items():
                if re.search(words, around, re.IGNORECASE):
                    return place
    return None
