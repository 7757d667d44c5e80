"""Observation codes in addition to the input dictionary: LOINC, SNOMED CT answers, systems.

This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief
Institute, Inc. and the LOINC Committee and is available at no cost under the license at
http://loinc.org/license. SNOMED CT needs an affiliate license outside its member countries.
"""

import re
from collections.abc import Mapping

from clinical.calculators.inputs import INPUTS
from shared.patterns import pattern

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

# Molar codes. If the value has a mass unit, the unit decides, with a note.
MOLAR_LOINC = frozenset(
    (
        *("14682-9", "59826-8", "2000-8", "14749-6", "15074-8", "14771-0", "14937-7"),
        *("14631-6", "14647-2", "14646-4", "14927-8", "22748-8", "39469-2"),
        *("77140-2", "77135-2", "77137-8"),
    )
)

# Urea: molar values equal urea nitrogen, mass values don't.
UREA_LOINC = "22664-7"

# Point-of-care glucose.
BEDSIDE_LOINC: Mapping[str, tuple[str, ...]] = {
    "glucose": ("41653-7", "2340-8", "2341-6", "14743-9")
}

# Stated by the patient, estimated, from the bedside or a blood gas: used if no more reliable value
# is recent enough (chart/choice.py).
SECOND_CHOICE_LOINC: Mapping[str, frozenset[str]] = {
    "weight": frozenset({"3142-7", "75292-3", "8350-1"}),
    "height": frozenset({"3138-5", "8301-4"}),
    "glucose": frozenset(BEDSIDE_LOINC["glucose"]),
    "bicarbonate": frozenset({"20565-8", "1959-6", "1960-4", "14627-4"}),
    "pao2": frozenset({"19255-9"}),
}

# The note shown with such a value.
SECOND_CHOICE_NAMES: Mapping[str, str] = {
    "weight": "stated, estimated or clothed weight",
    "height": "stated or estimated height",
    "glucose": "bedside glucose",
    "bicarbonate": "from a blood gas",
    "pao2": "adjusted to body temperature",
}
# A better value of these is preferred only within one sample, not for a day.
OF_ONE_SAMPLE = frozenset({"pao2"})

# Preferred among values from the same hour: SpO2 explicitly by pulse oximetry.
PREFERRED_LOINC: Mapping[str, frozenset[str]] = {"spo2": frozenset({"59408-5"})}

_OTHER_PRESSURE = {
    "8460-8": "standing",
    "8454-1": "standing",
    "76215-3": "invasive",
    "76213-8": "invasive",
    "76214-6": "invasive",
}

# An Observation or component with one of these codes is a different measurement.
EXCLUDED_LOINC: Mapping[str, Mapping[str, str]] = {
    "systolic_bp": _OTHER_PRESSURE,
    "diastolic_bp": _OTHER_PRESSURE,
    "creatinine": dict.fromkeys(("2161-8", "14683-7"), "urine"),
    "urine_creatinine": dict.fromkeys(("2160-0", "14682-9"), "serum or plasma"),
    "urine_sodium": {"2956-1": "an amount per time"},
    "pao2": {"2705-2": "venous", "2704-5": "capillary", "11556-8": "blood of unknown origin"},
    "calcium_total": dict.fromkeys(INPUTS["calcium_ionized"].loinc, "ionized calcium"),
    "bun": {"3091-6": "urea, not urea nitrogen"},
    "qt_interval": {"8636-3": "QTc"},
}
BODY_POSITION = "http://hl7.org/fhir/StructureDefinition/observation-bodyPosition"
BODY_POSITION_LOINC = "8361-8"
STANDING_SNOMED = "10904000"

# Words in a method or site that make an Observation a different measurement, like `EXCLUDED_LOINC`.
_ARTERIAL = pattern(
    r"(?i)(?<!non-)(?<!non )\binvasive\b|\bart(?:erial)? line|\ba-line\b|\bintra-?arterial\b"
)
EXCLUDED_METHODS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "systolic_bp": (_ARTERIAL, "invasive"),
    "diastolic_bp": (_ARTERIAL, "invasive"),
    "qt_interval": (
        pattern(r"(?i)\b(?:qtc|bazett|frid[eé]ricia|framingham|hodges|corrected)"),
        "QTc",
    ),
    "pao2": (pattern(r"(?i)\b(?:venous|vbg|capillary|cbg)\b"), "venous or capillary"),
}

SMOKING_LOINC = ("72166-2",)
# Free text, and the SNOMED codes that one vendor uses for the status.
SMOKING_FALLBACK_LOINC = ("11367-0",)
SMOKING_FALLBACK_SNOMED = ("229819007", "365981007")
SMOKING_FRESH_DAYS, SMOKING_MAX_DAYS = 365, 1826
SMOKING_ANSWERS: Mapping[str, bool | None] = {
    "449868002": True,  # daily
    "428041000124106": True,  # some days
    "77176002": True,  # smoker, status unknown
    "428071000124103": True,  # heavy
    "428061000124105": True,  # light
    "65568007": True,  # cigarettes
    "8517006": False,  # former
    "266919005": False,  # never
    "8392000": False,  # non-smoker
    "266927001": None,  # unknown if ever
}

# Never prefilled. Charted entries are shown next to the question, also problems (diagnoses.py).
ASKED_LOINC: Mapping[str, tuple[str, ...]] = {
    "confusion": ("9269-2",),
    **dict.fromkeys(
        (
            *("ascites", "encephalopathy", "hemoptysis", "active_cancer", "high_risk_surgery"),
            *("renal_replacement_therapy", "ventilatory_support", "cardiovascular_support"),
            *("clinical_signs_of_dvt", "pe_most_likely_diagnosis"),
            "immobilization_or_surgery_4_weeks",
        ),
        (),
    ),
    "consciousness": ("67775-7", "9269-2"),
    "alcohol_drinks_per_week": ("74013-4", "75626-2"),
    "spo2_scale": (),
    "labile_inr": (),
}
