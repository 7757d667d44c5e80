"""Who the patient is: the banner of SMART App Launch 2.2 ("need_patient_banner"). Pure."""

from datetime import datetime, timedelta
from typing import Any

from clinical.chart.resources.times import completed_years, full_date
from clinical.dates import shown
from shared.frozen import dataclass
from shared.json_members import fields, items, objects, text
from shared.patterns import pattern

# A FHIR date. Nothing else is shown in its place.
_DATE = pattern(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
# The date differs between the westernmost and easternmost time zones.
_APART = (timedelta(hours=-12), timedelta(0), timedelta(hours=14))


@dataclass(frozen=True, slots=True)
class Banner:
    """The data that identifies a patient.

    `age` is in completed years. It's None without a full birth date, and on days when it depends on
    the time zone, which is unknown until the rest of the chart arrives.
    """

    name: str
    birth_date: str
    age: int | None
    sex: str
    mrn: str
    deceased: bool

    @property
    def year(self) -> str:
        """The year of birth, for an EHR that shows its own banner, or ""."""
        year = self.birth_date[-4:]
        return year if year.isdigit() else ""


def read(patient: dict[str, Any], now: datetime) -> Banner:
    """Read the banner from a Patient resource; missing data is shown as unknown."""
    birth_date = text(patient.get("birthDate"))
    if not _DATE.fullmatch(birth_date):
        birth_date = ""
    deceased = patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime"))
    return Banner(
        name=_name(patient.get("name")),
        birth_date=shown(birth_date) if birth_date else "unknown",
        age=None if deceased else _age(birth_date, now),
        sex=text(patient.get("gender")) or "unknown",
        mrn=_mrn(patient.get("identifier")),
        deceased=deceased,
    )


def _name(names: object) -> str:
    """Return the official name, or the usual one, or the first readable one, old names last."""
    usable = [(name.get("use"), full) for name in objects(names) if (full := _full_name(name))]
    for use in ("official", "usual"):
        for name_use, full in usable:
            if name_use == use:
                return full
    current = [full for name_use, full in usable if name_use not in ("old", "maiden")]
    return next(iter([*current, *(full for _, full in usable)]), "Name not given")


def _full_name(name: dict[str, Any]) -> str:
    parts = [*items(name.get("given")), name.get("family")]
    return text(name.get("text")) or " ".join(filter(None, map(text, parts)))


def _age(birth_date: str, now: datetime) -> int | None:
    born = full_date(birth_date)
    if born is None:
        return None
    days = {(now + apart).date() for apart in _APART}
    ages = {completed_years(born, day) for day in days}
    return ages.pop() if len(ages) == 1 and min(ages) >= 0 else None


def _mrn(identifiers: object) -> str:
    """Return the medical record number: the identifier of type MR (HL7 v2 table 0203)."""
    for identifier in objects(identifiers):
        codings = objects(fields(identifier.get("type")).get("coding"))
        value = text(identifier.get("value"))
        if value and any(coding.get("code") == "MR" for coding in codings):
            return value
    return ""
