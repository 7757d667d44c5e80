"""The questions of the calculators: yes-or-no items, and choices among listed answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        "renal_replacement_therapy": "Renal replacement therapy started for this kidney injury",
        "high_risk_surgery": "High-risk surgery",
        "ischemic_heart_disease": "Ischemic heart disease",
        "stroke_or_tia": "Stroke or TIA",
        "insulin_treatment": "Insulin treatment",
        "confusion": "New confusion",
        "ventilatory_support": "Ventilation or CPAP",
        "clinical_signs_of_dvt": "Clinical signs of DVT",
        "pe_most_likely_diagnosis": "PE at least as likely as any other diagnosis",
        "immobilization_or_surgery_4_weeks": "Immobilization or surgery in the last 4 weeks",
        "previous_vte": "Previous DVT or PE",
        "hemoptysis": "Hemoptysis",
        "active_cancer": "Active cancer",
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with a closed list of answers; `texts` are the answers in words, by answer."""

    label: str
    answers: tuple[str | int, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


CHOICES: Mapping[str, Choice] = MappingProxyType(
    {
        "sex": Choice("Sex used by the equation", ("female", "male")),
        "race": Choice(
            "Race, as used by the equation",
            ("white_or_other", "black"),
            {"white_or_other": "White or other", "black": "Black"},
        ),
        "consciousness": Choice(
            "Consciousness",
            ("alert", "cvpu"),
            {"cvpu": "Confusion (new), voice, pain or unresponsive"},
        ),
        "spo2_scale": Choice("SpO2 scale", (1, 2)),
        "ascites": Choice(
            "Ascites",
            ("none", "slight", "moderate_or_severe"),
            {"moderate_or_severe": "moderate or severe"},
        ),
        "encephalopathy": Choice(
            "Encephalopathy",
            ("none", "grade_1_2", "grade_3_4"),
            {"grade_1_2": "grade 1 or 2", "grade_3_4": "grade 3 or 4"},
        ),
        "cardiovascular_support": Choice(
            "Vasopressors (doses in ug/kg/min)",
            (
                *("none", "dopamine_to_5_or_dobutamine"),
                *(
                    "dopamine_over_5_or_epi_norepi_to_0_1",
                    "dopamine_over_15_or_epi_norepi_over_0_1",
                ),
            ),
            {
                "dopamine_to_5_or_dobutamine": "dopamine up to 5, or dobutamine",
                "dopamine_over_5_or_epi_norepi_to_0_1": "dopamine above 5, or epinephrine or "
                "norepinephrine up to 0.1",
                "dopamine_over_15_or_epi_norepi_over_0_1": "dopamine above 15, or epinephrine or "
                "norepinephrine above 0.1",
            },
        ),
    }
)
