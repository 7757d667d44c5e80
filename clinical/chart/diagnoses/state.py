"""Whether a condition's clinicalStatus and verificationStatus let it count (FHIR R4 Condition)."""

from clinical.chart.evidence import Flag
from clinical.chart.resources.json_access import codings, label, text
from clinical.chart.resources.scope import Resource

_REFUTED = frozenset({"refuted", "entered-in-error"})
_CURRENT = frozenset({"active", "recurrence", "relapse"})
_PAST = frozenset({"inactive", "remission", "resolved"})


def verification(condition: Resource) -> str:
    """Return the verification status; if there are several, one that refutes."""
    codes = _status_codes(condition, "verificationStatus")
    return next((code for code in codes if code in _REFUTED), next(iter(codes), ""))


def clinical(condition: Resource) -> str:
    """Return the clinical status; if there are several, one that ends the condition."""
    codes = _status_codes(condition, "clinicalStatus")
    return next((code for code in codes if code in _PAST), next(iter(codes), ""))


def _status_codes(condition: Resource, element: str) -> list[str]:
    """Return the codes of a status, or its text if it has no codes, so that it isn't ignored."""
    concept = condition.get(element)
    codes = [coding.code for coding in codings(concept) if coding.code]
    return codes if codes or concept is None else [label(concept) or text(concept) or "unreadable"]


def is_refuted(condition: Resource) -> bool:
    """Return whether the condition is refuted or entered in error."""
    return verification(condition) in _REFUTED


def is_past(condition: Resource) -> bool:
    """Return whether the condition is in the past."""
    return clinical(condition) in _PAST


def ruled_out(condition: Resource, of_now: bool) -> tuple[Flag, str] | None:
    """Return why a condition's state excludes it or lets it only suggest, or None if it counts.

    With `of_now`, the item must be current.
    """
    verified, status = verification(condition), clinical(condition)
    if verified in _REFUTED:
        return Flag.REFUTED, f"verification status {verified}"
    if of_now and status in _PAST:
        return Flag.NOT_CURRENT, f"clinical status {status}"
    if verified not in ("", "confirmed"):
        return Flag.UNCONFIRMED, f"verification status {verified}"
    if of_now and status and status not in _CURRENT:
        return Flag.UNCONFIRMED, f"clinical status {status}"
    if of_now and not status and _has_ended(condition):
        return Flag.UNCONFIRMED, "documented as ended, but without a clinical status"
    return None


def _has_ended(condition: Resource) -> bool:
    return any(key.startswith("abatement") for key, value in condition.items() if value)
