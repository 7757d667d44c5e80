"""Who the patient is: the banner of SMART App Launch 2.2 ("need_patient_banner"). Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Banner:
    """What tells one patient from another. `age`: completed years, None without a full date."""

    name: str
    birth_date: str
    age: int | None
    sex: str
    mrn: str
    deceased: bool


def read(patient: dict[str, Any], today: date) -> Banner:
    """The banner of a Patient resource; whatever it lacks is said to be unknown."""
    birth_date = patient.get("birthDate")
    birth_date = birth_date if isinstance(birth_date, str) else ""
    deceased = patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime"))
    return Banner(
        name=_name(patient.get("name")),
        birth_date=birth_date or "unknown",
        age=None if deceased else _age(birth_date, today),
        sex=str(patient.get("gender") or "unknown"),
        mrn=_mrn(patient.get("identifier")),
        deceased=deceased,
    )


def _name(names: object) -> str:
    """The official name, else the usual one, else the first that says anything."""
    usable = [name for name in _objects(names) if _text(name)]
    for use in ("official", "usual"):
        for name in usable:
            if name.get("use") == use:
                return _text(name)
    return _text(usable[0]) if usable else "Name not given"


def _text(name: dict[str, Any]) -> str:
    if isinstance(name.get("text"), str):
        return str(name["text"])
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else []), name.get("family")]
    return " ".join(part for part in parts if isinstance(part, str) and part)


def _age(birth_date: str, today: date) -> int | None:
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _mrn(identifiers: object) -> str:
    """The medical record number: the identifier of type MR (HL7 v2 table 0203)."""
    for identifier in _objects(identifiers):
        kind = identifier.get("type")
        codings = _objects(kind.get("coding")) if isinstance(kind, dict) else []
        if any(coding.get("code") == "MR" for coding in codings):
            return str(identifier.get("value") or "")
    return ""


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
