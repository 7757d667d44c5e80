"""Age and sex of the patient (FHIR R4 Patient; US Core sex extensions; HL7 gender harmony).

Race and gender identity aren't read. The sex is the one that the equation was derived on, and can
always be changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from clinical.calculators.inputs import OTHER_NUMBERS
from clinical.chart.evidence import ChartFinding, Evidence, Flag, Outcome
from clinical.chart.resources.json_access import codings, source_of, text
from clinical.chart.resources.scope import Resource
from clinical.chart.resources.times import completed_years, full_date
from clinical.dates import shown
from shared.json_members import fields, items

_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
_CORE = "http://hl7.org/fhir/StructureDefinition/"
_CLINICAL_USE = _CORE + "patient-sexParameterForClinicalUse"
_RECORDED = _CORE + "individual-recordedSexOrGender"
_SEX_EXTENSIONS = frozenset(
    (
        *(
            _US_CORE + name
            for name in ("us-core-birthsex", "us-core-sex", "us-core-individual-sex")
        ),
        _CLINICAL_USE,
    )
)
# Only a recorded sex with LOINC "sex assigned at birth" counts.
_AT_BIRTH = "76689-9"
# A parameter that a single code can't express, so a person must answer.
_SPECIFIED = "specified"
# Administrative, HL7 v3 and SNOMED CT codes. Any other code says nothing about sex.
_SEX_OF = {
    "male": "male",
    "M": "male",
    "248153007": "male",
    "female": "female",
    "F": "female",
    "248152002": "female",
    "male-typical": "male",
    "female-typical": "female",
}


def age(patients: Iterable[Resource], now: datetime) -> ChartFinding:
    """Return the age in completed years on the day of `now`, in the site's zone."""
    return _agreed("age", [_age(patient, now) for patient in patients])


def sex(patients: Iterable[Resource]) -> ChartFinding:
    """Return the gender, or without one the recorded sex; leave it empty if they differ."""
    return _agreed("sex", [_sex(patient) for patient in patients])


def _agreed(name: str, findings: Sequence[ChartFinding]) -> ChartFinding:
    """Return one finding from copies of a patient whose order is unknown."""
    if not findings:
        return ChartFinding(name, Outcome.ABSENT, "no patient record")
    if any(finding.value != findings[0].value for finding in findings):
        why = "copies of the patient record differ"
        return ChartFinding(name, Outcome.CONFLICTING, why, flags=(Flag.CONFLICT,))
    return min(findings, key=str)


def _age(patient: Resource, now: datetime) -> ChartFinding:
    charted = text(patient.get("birthDate"))
    if not charted:
        return ChartFinding("age", Outcome.ABSENT, "no birth date in the chart", unit="a")
    evidence = Evidence(source_of(patient), charted)
    birth = full_date(charted)
    if birth is None:
        why = f"the birth date is incomplete: {charted}"
        return ChartFinding("age", Outcome.UNREADABLE, why, unit="a", chosen=evidence)
    years = completed_years(birth, now.date())
    known = OTHER_NUMBERS["age"]
    if not known.low <= years <= known.high:
        why = f"the birth date gives an implausible age: {charted}"
        return ChartFinding("age", Outcome.IMPLAUSIBLE, why, unit="a", chosen=evidence)
    died = patient.get("deceasedBoolean") is True or text(patient.get("deceasedDateTime"))
    flags = (Flag.DECEASED,) if died else ()
    day = shown(now.date().isoformat())
    why = f"born {shown(charted)}, age in completed years on {day}"
    return ChartFinding("age", Outcome.FOUND, why, years, "a", evidence, flags)


def _sex(patient: Resource) -> ChartFinding:
    gender = text(patient.get("gender"))
    recorded = dict(_recorded_sex(patient))
    sexes = {_SEX_OF[gender]} if gender in ("male", "female") else set()
    sexes.update(recorded.values())
    charted = ", ".join([f"gender {gender or 'not given'}", *recorded])
    evidence = Evidence(source_of(patient), charted)
    if not sexes:
        return ChartFinding(
            "sex", Outcome.ABSENT, f"no sex in the chart: {charted}", chosen=evidence
        )
    if _SPECIFIED in sexes:
        why = f"the chart does not specify one sex for clinical use: {charted}"
        return ChartFinding("sex", Outcome.ASKED, why, chosen=evidence)
    if len(sexes) > 1:
        why = f"gender and recorded sex differ: {charted}"
        return ChartFinding(
            "sex", Outcome.CONFLICTING, why, chosen=evidence, flags=(Flag.CONFLICT,)
        )
    why = f"from recorded sex: {charted}"
    if gender in ("male", "female"):
        why = "from recorded gender"
    return ChartFinding("sex", Outcome.FOUND, why, sexes.pop(), chosen=evidence)


def _recorded_sex(patient: Resource) -> Iterator[tuple[str, str]]:
    """Yield each sex extension as text, with its sex, or "specified"."""
    for extension in map(fields, items(patient.get("extension"))):
        url = text(extension.get("url"))
        at_birth = url == _RECORDED and _AT_BIRTH in _values(_part(extension, "type"))
        if not at_birth and url not in _SEX_EXTENSIONS:
            continue
        for code in (*_values(extension), *_values(_part(extension, "value"))):
            if code in _SEX_OF or (code == _SPECIFIED and url == _CLINICAL_USE):
                yield f"{url.rpartition('/')[2]} {code}", _SEX_OF.get(code, code)


def _part(extension: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the nested extension with this name."""
    parts = map(fields, items(extension.get("extension")))
    return next((part for part in parts if part.get("url") == name), {})


def _values(extension: Mapping[str, object]) -> tuple[str, ...]:
    """Return the codes of an extension's value."""
    coding = fields(extension.get("valueCoding"))
    concept = codings(extension.get("valueCodeableConcept"))
    coded = (text(extension.get("valueCode")), text(coding.get("code")))
    return *coded, *(one.code for one in concept)
