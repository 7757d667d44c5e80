"""The diagnoses that a chart is read for: whether each is one of now or of ever.

What speaks for them lies beside this module: icd.json, snomed.json, words.json.
"""

from collections.abc import Mapping
from types import MappingProxyType

# A finding of now needs an active condition; the others count whenever they were.
_EVER = (
    *("atrial_fibrillation", "congestive_heart_failure", "stroke_tia_thromboembolism", "stroke"),
    *("vascular_disease", "known_cvd_excludes_risk_score", "bleeding_history"),
    *("valve_or_mitral_stenosis", "kidney_transplant", "intracranial_haemorrhage"),
    "laa_occlusion",
)
_NOW = (
    *("hypertension", "diabetes", "abnormal_renal_function", "abnormal_liver_function"),
    *("acute_kidney_injury", "chronic_kidney_disease", "dialysis", "dialysis_status", "pregnancy"),
    *("palliative_care", "anticoagulant_in_problems", "wide_qrs", "acute_liver_injury"),
    *("low_platelets_of_another_cause", "known_cirrhosis", "active_atrial_fibrillation"),
    "smoker_in_problems",
)
IS_OF_NOW: Mapping[str, bool] = MappingProxyType(
    dict.fromkeys(_EVER, False) | dict.fromkeys(_NOW, True)
)

# What speaks for one of these speaks for cardiovascular disease, however it is charted.
KNOWN_CVD = "known_cvd_excludes_risk_score"
PARTS_OF_KNOWN_CVD = ("congestive_heart_failure", "stroke_tia_thromboembolism", "vascular_disease")

# What speaks for a diagnosis of ever speaks for the one of now, if its state allows.
OF_NOW_TOO: Mapping[str, str] = MappingProxyType(
    {"atrial_fibrillation": "active_atrial_fibrillation"}
)

# No items: in icd.json a relative's disease, a screening or a suspicion, beside which no code
# counts; in snomed.json concepts that are known to be no item.
NOT_THE_PATIENTS = "somebody_elses_or_suspected"
SOMETHING_ELSE = "something_else"
