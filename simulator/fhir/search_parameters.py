"""The search parameters of each resource type, with their matching rules (FHIR R4, Search,
parameter types token, reference and date).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.fhir import dates

Body = Mapping[str, Any]
Matcher = Callable[[Body], bool]
Pairs = Sequence[tuple[str, str]]

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class Parameter(Protocol):
    """A search parameter."""

    @property
    def kind(self) -> str:
        """The FHIR parameter type."""

    def matcher(self, value: str, fhir_base: str) -> Matcher:
        """Return the test that a resource must pass; raise ValueError if the value is malformed."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token: `code`, `system|code`, `|code` or `system|`; a comma means or."""

    codings: Callable[[Body], Iterable[tuple[str | None, str | None]]]
    kind: str = "token"

    def matcher(self, value: str, fhir_base: str) -> Matcher:  # noqa: ARG002 - the Protocol's
        """Return a test that passes if any token matches any coding."""
        wanted = [self._parsed(one) for one in _alternatives(value)]
        return lambda body: any(
            (system in (None, own_system)) and (code in (None, own_code))
            for own_system, own_code in self.codings(body)
            for system, code in wanted
        )

    @staticmethod
    def _parsed(text: str) -> tuple[str | None, str | None]:
        parts = [_unescape(one) for one in re.split(r"(?<!\\)\|", text)]
        if parts == [""] * len(parts) or len(parts) > 2:
            raise ValueError("must be code, system|code, |code or system|")
        if len(parts) == 1:
            return None, parts[0]
        # An empty system matches codings without a system, whose system is "" here.
        return parts[0], parts[1] or None


@dataclass(frozen=True, slots=True)
class Reference:
    """A patient: `ID`, `Patient/ID` or the absolute URL; a comma means or."""

    reference: Callable[[Body], str]
    kind: str = "reference"

    def matcher(self, value: str, fhir_base: str) -> Matcher:
        """Return a test that passes if the reference is one of the patients."""
        wanted = set()
        for one in _alternatives(value):
            fhir_id = _unescape(one).removeprefix(f"{fhir_base}/").removeprefix("Patient/")
            if _ID.fullmatch(fhir_id) is None:
                raise ValueError("must identify a patient of this EHR")
            wanted.add(f"Patient/{fhir_id}")
        return lambda body: self.reference(body) in wanted


@dataclass(frozen=True, slots=True)
class Date:
    """A date with an optional prefix; a comma means or."""

    interval: Callable[[Body], dates.Interval | None]
    kind: str = "date"

    def matcher(self, value: str, fhir_base: str) -> Matcher:  # noqa: ARG002 - the Protocol's
        """Return a test of the resource's date; a resource without a date never passes."""
        wanted = []
        for one in _alternatives(value):
            prefix, text = (one[:2], one[2:]) if one[:2].isalpha() else ("eq", one)
            wanted.append((prefix, dates.parse(text)))
            dates.compares(*wanted[-1], wanted[-1][1])  # an unknown prefix raises here

        def matches(body: Body) -> bool:
            own = self.interval(body)
            return own is not None and any(
                dates.compares(prefix, own, interval) for prefix, interval in wanted
            )

        return matches


def _alternatives(value: str) -> list[str]:
    parts = re.split(r"(?<!\\),", value)
    if "" in parts:
        raise ValueError("must not be empty")
    return parts


def _unescape(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _concept(*names: str) -> Token:
    def codings(body: Body) -> Iterable[tuple[str | None, str | None]]:
        for name in names:
            concepts = body.get(name, [])
            for concept in concepts if isinstance(concepts, list) else [concepts]:
                for coding in concept.get("coding", []):
                    yield coding.get("system", ""), coding.get("code")

    return Token(codings)


def _code(name: str, system: str) -> Token:
    return Token(lambda body: [(system, body.get(name))])


def observed(body: Body) -> dates.Interval | None:
    """Return the time of an Observation, or None."""
    when = body.get("effectiveDateTime", body.get("effectiveInstant"))
    if when is not None:
        return dates.parse(when)
    return dates.parse_period(body["effectivePeriod"]) if "effectivePeriod" in body else None


def _updated(body: Body) -> dates.Interval:
    return dates.parse(body["meta"]["lastUpdated"])


def _dated(body: Body) -> dates.Interval | None:
    return dates.parse(body["date"]) if "date" in body else None


def _encounter_period(body: Body) -> dates.Interval | None:
    return dates.parse_period(body["period"]) if "period" in body else None


_FHIR_ID = Token(lambda body: [("", body["id"])])
_SUBJECT = Reference(lambda body: str(body["subject"]["reference"]))

PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "Patient": {"_id": _FHIR_ID},
    "Observation": {
        "_id": _FHIR_ID,
        "patient": _SUBJECT,
        "subject": _SUBJECT,
        "category": _concept("category"),
        "code": _concept("code"),
        "date": Date(observed),
        "_lastUpdated": Date(_updated),
    },
    "Condition": {
        "_id": _FHIR_ID,
        "patient": _SUBJECT,
        "subject": _SUBJECT,
        "category": _concept("category"),
        "clinical-status": _concept("clinicalStatus"),
        "code": _concept("code"),
    },
    "MedicationRequest": {
        "_id": _FHIR_ID,
        "patient": _SUBJECT,
        "subject": _SUBJECT,
        "code": _concept("medicationCodeableConcept"),
        "intent": _code("intent", "http://hl7.org/fhir/CodeSystem/medicationrequest-intent"),
        "status": _code("status", "http://hl7.org/fhir/CodeSystem/medicationrequest-status"),
    },
    "Encounter": {
        "_id": _FHIR_ID,
        "patient": _SUBJECT,
        "subject": _SUBJECT,
        "date": Date(_encounter_period),
    },
    "DocumentReference": {
        "_id": _FHIR_ID,
        "patient": _SUBJECT,
        "subject": _SUBJECT,
        "type": _concept("type"),
        "category": _concept("category"),
        "status": _code("status", "http://hl7.org/fhir/document-reference-status"),
        "date": Date(_dated),
    },
    "Medication": {"_id": _FHIR_ID, "code": _concept("code")},
    "Practitioner": {"_id": _FHIR_ID},
}

# The search parameters that `_include` follows, each with its element.
INCLUDES: Mapping[str, Mapping[str, str]] = {
    "Observation": {
        "patient": "subject",
        "subject": "subject",
        "encounter": "encounter",
        "has-member": "hasMember",
    },
    "Condition": {"patient": "subject", "subject": "subject", "encounter": "encounter"},
    "MedicationRequest": {
        "patient": "subject",
        "subject": "subject",
        "encounter": "encounter",
        "medication": "medicationReference",
    },
    "Encounter": {"patient": "subject", "subject": "subject"},
    "DocumentReference": {"patient": "subject", "subject": "subject"},
}
