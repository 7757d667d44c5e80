"""What an HTTP status alone means, by the address that answered (RFC 9110 15).

It decides only if nothing else in a text does: no error, no sentence, no code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.explain.model import CauseId, Certainty
from shared.explain.weighing.evidence import Facts, WeighedCause

_SOURCE = "RFC 9110: https://www.rfc-editor.org/rfc/rfc9110"
_SERVER_ERROR = 500
# The words of an address that tell each place, the most telling first.
_PLACES: Mapping[str, str] = {
    "discovery": r"(?:smart|openid)-configuration",
    "token": r"/token\b|token (?:endpoint|request|call|url)",
    "authorize": r"/auth(?:orize)?\b|authori[sz]e (?:endpoint|url|request)",
    "FHIR": r"\b(?:GET|PUT|POST|DELETE|PATCH)\b|/fhir\b|/r4\b|/(?:Patient|Observation|Condition)\b",
}
_NEAR = 160


@dataclass(frozen=True, slots=True)
class _Meaning:
    cause: CauseId
    certainty: Certainty
    why: str
    steps: tuple[str, ...] = ()


_FORM = "Send the token request as a form: `application/x-www-form-urlencoded`, in the body."
_ACCEPT = "Send `Accept: application/fhir+json`, and the same as `Content-Type` if you write."
_GONE = _Meaning("endpoint_wrong", "likely", "The server has nothing at this URL.")
_BUSY = _Meaning("ehr_side", "likely", "The server itself failed, or something before it did.")
_BY_PLACE: Mapping[tuple[str, int], _Meaning] = {
    ("discovery", 404): _Meaning("discovery_missing", "likely", "Discovery answered 404."),
    ("token", 404): _GONE,
    ("token", 405): _GONE,
    ("token", 415): _Meaning("request_malformed", "likely", "The body isn't a form.", (_FORM,)),
    ("token", 401): _Meaning("client_auth_wrong", "likely", "The client wasn't accepted."),
    ("authorize", 404): _GONE,
    ("authorize", 405): _GONE,
    ("FHIR", 404): _Meaning("fhir_base_wrong", "possible", "FHIR answered 404."),
    ("FHIR", 400): _Meaning("fhir_request_invalid", "possible", "FHIR answered 400."),
    ("FHIR", 405): _Meaning("fhir_request_invalid", "possible", "FHIR answered 405."),
    ("FHIR", 406): _Meaning("fhir_request_invalid", "likely", "FHIR answered 406.", (_ACCEPT,)),
    ("FHIR", 415): _Meaning("fhir_request_invalid", "likely", "FHIR answered 415.", (_ACCEPT,)),
    ("FHIR", 422): _Meaning("fhir_request_invalid", "likely", "FHIR answered 422."),
}


def weigh(facts: Facts) -> Iterator[WeighedCause]:
    """The cause that the status of a pasted answer speaks for, if nothing else does."""
    status, named = facts.said.status, facts.said.urn or facts.said.oauth_error
    if not facts.stated or status is None or facts.entries or named:
        return
    place = _place(facts.told, status)
    found = _BY_PLACE.get((place, status)) if place else None
    if found is None and status >= _SERVER_ERROR and place:
        found = _BUSY
    if found is not None:
        yield WeighedCause(found.cause, found.certainty, found.why, _SOURCE, found.steps)


def _place(text: str, status: int) -> str | None:
    """Return what answered with the status, by the words around it."""
    for match in re.finditer(rf"\b{status}\b", text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.end() + _NEAR].split("\n", 1)[0]
        for around in (line, text[max(0, match.start() - _NEAR) : match.end() + _NEAR]):
            for place, words in _PLACES.items():
                if re.search(words, around, re.IGNORECASE):
                    return place
    return None
