"""The diagnoses that a chart is read for, and whether each must be current or counts at any time.

The evidence for them is in icd.json, snomed.json and words.json next to this module.
"""

from collections.abc import Mapping
from types import MappingProxyType

# Current ("now") findings need an active condition. The others count at any time ("ever").
_EVER = (
    *("atrial_fibrillation", "congestive_heart_failure", "stroke_tia_thromboembolism", "stroke"),
    *("vascular_disease", "known_cvd_excludes_risk_score", "bleeding_history"),
    *("valve_or_mitral_stenosis", "kidney_transplant", "intracranial_haemorrhage"),
    *("laa_occlusion", "amputation", "hypertrophic_cardiomyopathy", "severe_hypercholesterolemia"),
    *("ischemic_heart_disease", "stroke_or_tia", "previous_vte", "primary_biliary_cholangitis"),
)
_NOW = (
    *("hypertension", "diabetes", "abnormal_renal_function", "abnormal_liver_function"),
    *("acute_kidney_injury", "chronic_kidney_disease", "dialysis", "dialysis_status", "pregnancy"),
    *("palliative_care", "anticoagulant_in_problems", "wide_qrs", "acute_liver_injury"),
    *("low_platelets_of_another_cause", "known_cirrhosis", "active_atrial_fibrillation"),
    *("smoker_in_problems", "pneumonia", "sepsis"),
)
IS_OF_NOW: Mapping[str, bool] = MappingProxyType(
    dict.fromkeys(_EVER, False) | dict.fromkeys(_NOW, True)
)

# Evidence for one of these is evidence for cardiovascular disease.
KNOWN_CVD = "known_cvd_excludes_risk_score"
PARTS_OF_KNOWN_CVD = ("congestive_heart_failure", "stroke_tia_thromboembolism", "vascular_disease")

# Evidence for the "ever" diagnosis is evidence for the "now" diagnosis, if its state allows.
OF_NOW_TOO: Mapping[str, str] = MappingProxyType(
    {"atrial_fibrillation": "active_atrial_fibrillation"}
)

# An episode that has ended answers the item; one that hasn't may be the present illness, so it only
# suggests it.
PAST_OF: Mapping[str, str] = MappingProxyType({"venous_thromboembolism": "previous_vte"})
# Asked if the chart has none: a wrong "no" would end the search for an embolism.
ASKED_IF_ABSENT = frozenset({"previous_vte"})
# Questions that a person always answers, with the problems to show next to them.
JUDGED = (
    *("confusion", "ascites", "encephalopathy", "hemoptysis", "active_cancer"),
    "renal_replacement_therapy",
)

# Not items. In icd.json: a relative's disease, a screening or a suspicion, which keeps other codes
# of the entry from counting. In snomed.json: concepts known not to be an item.
NOT_THE_PATIENTS = "somebody_elses_or_suspected"
SOMETHING_ELSE = "something_else"
