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

    @property
    def line(self) -> str:
        """Name and year of birth, for an EHR that shows a banner of its own."""
        year = self.birth_date[:4]
        return f"{self.name}, {year}" if year.isdigit() else self.name


def read(patient: dict[str, Any], today: date) -> Banner:
    """The banner of a Patient resource; whatever it lacks is said to be unknown."""
    birth_date = _text(patient.get("birthDate"))
    deceased = patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime"))
    return Banner(
        name=_name(patient.get("name")),
        birth_date=birth_date or "unknown",
        age=None if deceased else _age(birth_date, today),
        sex=_text(patient.get("gender")) or "unknown",
        mrn=_mrn(patient.get("identifier")),
        deceased=deceased,
    )


def _name(names: object) -> str:
    """The official name, else the usual one, else the first that says anything, an old one last."""
    usable = [(name.get("use"), text) for name in _objects(names) if (text := _full_name(name))]
    for use in ("official", "usual"):
        for name_use, text in usable:
            if name_use == use:
                return text
    current = [text for name_use, text in usable if name_use not in ("old", "maiden")]
    return next(iter([*current, *(text for _, text in usable)]), "Name not given")


def _full_name(name: dict[str, Any]) -> str:
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else []), name.get("family")]
    return _text(name.get("text")) or " ".join(filter(None, map(_text, parts)))


def _age(birth_date: str, today: date) -> int | None:
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return None
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years if years >= 0 else None


def _mrn(identifiers: object) -> str:
    """The medical record number: the identifier of type MR (HL7 v2 table 0203)."""
    for identifier in _objects(identifiers):
        kind = identifier.get("type")
        codings = _objects(kind.get("coding")) if isinstance(kind, dict) else []
        value = _text(identifier.get("value"))
        if value and any(coding.get("code") == "MR" for coding in codings):
            return value
    return ""


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
