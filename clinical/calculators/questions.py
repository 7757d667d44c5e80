"""The questions of the calculators: yes-or-no items, and choices among listed answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Yes-or-no questions.
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "congestive_heart_failure": "Heart failure",
        "hypertension": "Hypertension",
        "diabetes": "Diabetes",
        "stroke_tia_thromboembolism": "Stroke, TIA or systemic embolism",
        "vascular_disease": "Vascular disease",
        "atrial_fibrillation": "Atrial fibrillation",
        "uncontrolled_hypertension": "Systolic pressure above 160 mmHg",
        "abnormal_renal_function": "Abnormal renal function",
        "abnormal_liver_function": "Abnormal liver function",
        "stroke": "Stroke",
        "bleeding_history": "Bleeding history or predisposition",
        "labile_inr": "Labile INR",
        "antiplatelet_or_nsaid": "Antiplatelet drug or NSAID",
        "dialysis": "Dialysis (twice, or CVVHD for 24 h, in the past 7 days)",
        "supplemental_oxygen": "Supplemental oxygen",
        "current_smoker": "Current smoker",
        "antihypertensive_treatment": "Antihypertensive treatment",
        "statin": "Statin",
        "known_cvd_excludes_risk_score": "Known cardiovascular disease",
        "known_cirrhosis": "Advanced fibrosis, cirrhosis or portal hypertension",
        "ionized_calcium_abnormal": "Ionized calcium outside its own range",
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with a closed list of answers."""

    label: str
    answers: tuple[str | int, ...]


CHOICES: Mapping[str, Choice] = MappingProxyType(
    {
        "sex": Choice("Sex used by the equation", ("female", "male")),
        "race": Choice("Race, as used by the equation", ("white_or_other", "black")),
        "consciousness": Choice("Consciousness", ("alert", "cvpu")),
        "spo2_scale": Choice("SpO2 scale", (1, 2)),
    }
)
