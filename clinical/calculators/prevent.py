"""PREVENT 2023, base model: 10- and 30-year risk of total CVD, ASCVD and heart failure.

Khan, Circulation 2024;149:430-449; coefficients of its supplemental table S12. Written from the
published equations; PREVENT is a trademark of the American Heart Association, no endorsement.
"""

import math

from clinical.calculators.card_rule import CardRule, NoDrug, OnCard
from clinical.calculators.in_chart import KIDNEY_CAUTIONS, ChartCaution, InChart
from clinical.calculators.limits import above, at_least, below
from clinical.calculators.model import (
    HDL_NOT_BELOW_TOTAL,
    NO_BANDS,
    Action,
    Band,
    Calculator,
    Citation,
    Exclusion,
    Limit,
    Note,
    Output,
    Sex,
)

OUTCOMES = ("total_cvd", "ascvd", "heart_failure")
Coefficients = dict[str, tuple[float, float, float, float, float, float]]

# Columns: female and male for each of OUTCOMES; 0.0 if the model lacks the term.
TEN_YEARS: Coefficients = {
    "const": (-3.307728, -3.031168, -3.819975, -3.500655, -4.310409, -3.946391),
    "age": (0.7939329, 0.7688528, 0.719883, 0.7099847, 0.8998235, 0.8972642),
    "nonhdl": (0.0305239, 0.0736174, 0.1176967, 0.1658663, 0.0, 0.0),
    "hdl": (-0.1606857, -0.0954431, -0.151185, -0.1144285, 0.0, 0.0),
    "sbp_lt110": (-0.2394003, -0.4347345, -0.0835358, -0.2837212, -0.4559771, -0.6811466),
    "sbp_ge110": (0.3600781, 0.3362658, 0.3592852, 0.3239977, 0.3576505, 0.3634461),
    "dm": (0.8667604, 0.7692857, 0.8348585, 0.7189597, 1.038346, 0.923776),
    "smoking": (0.5360739, 0.4386871, 0.4831078, 0.3956973, 0.583916, 0.5023736),
    "bmi_lt30": (0.0, 0.0, 0.0, 0.0, -0.0072294, -0.0485841),
    "bmi_ge30": (0.0, 0.0, 0.0, 0.0, 0.2997706, 0.3726929),
    "egfr_lt60": (0.6045917, 0.5378979, 0.4864619, 0.3690075, 0.7451638, 0.6926917),
    "egfr_ge60": (0.0433769, 0.0164827, 0.0397779, 0.0203619, 0.0557087, 0.0251827),
    "bptx": (0.3151672, 0.288879, 0.2265309, 0.2036522, 0.3534442, 0.2980922),
    "statin": (-0.1477655, -0.1337349, -0.0592374, -0.0865581, 0.0, 0.0),
    "tx_sbp": (-0.0663612, -0.0475924, -0.0395762, -0.0322916, -0.0981511, -0.0497731),
    "tx_nonhdl": (0.1197879, 0.150273, 0.0844423, 0.114563, 0.0, 0.0),
    "age_nonhdl": (-0.0819715, -0.0517874, -0.0567839, -0.0300005, 0.0, 0.0),
    "age_hdl": (0.0306769, 0.0191169, 0.0325692, 0.0232747, 0.0, 0.0),
    "age_sbp": (-0.0946348, -0.1049477, -0.1035985, -0.0927024, -0.0946663, -0.1289201),
    "age_dm": (-0.27057, -0.2251948, -0.2417542, -0.2018525, -0.3581041, -0.3040924),
    "age_smoking": (-0.078715, -0.0895067, -0.0791142, -0.0970527, -0.1159453, -0.1401688),
    "age_bmi30": (0.0, 0.0, 0.0, 0.0, -0.003878, 0.0068126),
    "age_egfr60": (-0.1637806, -0.1543702, -0.1671492, -0.1217081, -0.1884289, -0.1797778),
}
THIRTY_YEARS: Coefficients = {
    "const": (-1.318827, -1.148204, -1.974074, -1.736444, -2.205379, -1.95751),
    "age": (0.5503079, 0.4627309, 0.4669202, 0.3994099, 0.6254374, 0.5681541),
    "age2": (-0.0928369, -0.0984281, -0.0893118, -0.0937484, -0.0983038, -0.1048388),
    "nonhdl": (0.0409794, 0.0836088, 0.1256901, 0.1744643, 0.0, 0.0),
    "hdl": (-0.1663306, -0.1029824, -0.1542255, -0.120203, 0.0, 0.0),
    "sbp_lt110": (-0.1628654, -0.2140352, -0.0018093, -0.0665117, -0.3919241, -0.4761564),
    "sbp_ge110": (0.3299505, 0.2904325, 0.322949, 0.2753037, 0.3142295, 0.30324),
    "dm": (0.6793894, 0.5331276, 0.6296707, 0.4790257, 0.8330787, 0.6840338),
    "smoking": (0.3196112, 0.2141914, 0.268292, 0.1782635, 0.3438651, 0.2656273),
    "bmi_lt30": (0.0, 0.0, 0.0, 0.0, 0.0594874, 0.0833107),
    "bmi_ge30": (0.0, 0.0, 0.0, 0.0, 0.2525536, 0.26999),
    "egfr_lt60": (0.1857101, 0.1155556, 0.100106, -0.0218789, 0.2981642, 0.2541805),
    "egfr_ge60": (0.0553528, 0.0603775, 0.0499663, 0.0602553, 0.0667159, 0.0638923),
    "bptx": (0.2894, 0.232714, 0.1875292, 0.1421182, 0.333921, 0.2583631),
    "statin": (-0.075688, -0.0272112, 0.0152476, 0.0135996, 0.0, 0.0),
    "tx_sbp": (-0.056367, -0.0384488, -0.0276123, -0.0218265, -0.0893177, -0.0391938),
    "tx_nonhdl": (0.1071019, 0.134192, 0.0736147, 0.1013148, 0.0, 0.0),
    "age_nonhdl": (-0.0751438, -0.0511759, -0.0521962, -0.0312619, 0.0, 0.0),
    "age_hdl": (0.0301786, 0.0165865, 0.0316918, 0.020673, 0.0, 0.0),
    "age_sbp": (-0.0998776, -0.1101437, -0.1046101, -0.0920935, -0.0974299, -0.1269124),
    "age_dm": (-0.3206166, -0.2585943, -0.2727793, -0.2159947, -0.404855, -0.3273572),
    "age_smoking": (-0.1607862, -0.1566406, -0.1530907, -0.1548811, -0.1982991, -0.2043019),
    "age_bmi30": (0.0, 0.0, 0.0, 0.0, -0.0035619, -0.0182831),
    "age_egfr60": (-0.1450788, -0.1166776, -0.1299149, -0.0712547, -0.1564215, -0.1342618),
}

# The paper's conversion factor.
MMOL_L_PER_MG_DL = 0.02586


def terms(
    age: int,
    cholesterol_total: float,
    hdl: float,
    systolic_bp: float,
    diabetes: bool,
    current_smoker: bool,
    antihypertensive_treatment: bool,
    egfr: float,
    statin: bool,
    bmi: float | None = None,
) -> dict[str, float]:
    """Return the terms of the linear predictor; cholesterol in mg/dL, pressure in mmHg.

    Only the heart failure model has coefficients for BMI, so its terms are 0 without one.
    """
    decades = (age - 55) / 10
    nonhdl = (cholesterol_total - hdl) * MMOL_L_PER_MG_DL - 3.5
    hdl_term = (hdl * MMOL_L_PER_MG_DL - 1.3) / 0.3
    sbp_ge110 = (max(systolic_bp, 110) - 130) / 20
    bmi_ge30 = (max(bmi or 0, 30) - 30) / 5
    egfr_lt60 = (min(egfr, 60) - 60) / -15
    return {
        "const": 1.0,
        "age": decades,
        "age2": decades**2,
        "nonhdl": nonhdl,
        "hdl": hdl_term,
        "sbp_lt110": (min(systolic_bp, 110) - 110) / 20,
        "sbp_ge110": sbp_ge110,
        "dm": float(diabetes),
        "smoking": float(current_smoker),
        "bmi_lt30": 0.0 if bmi is None else (min(bmi, 30) - 25) / 5,
        "bmi_ge30": bmi_ge30,
        "egfr_lt60": egfr_lt60,
        "egfr_ge60": (max(egfr, 60) - 90) / -15,
        "bptx": float(antihypertensive_treatment),
        "statin": float(statin),
        "tx_sbp": antihypertensive_treatment * sbp_ge110,
        "tx_nonhdl": statin * nonhdl,
        "age_nonhdl": decades * nonhdl,
        "age_hdl": decades * hdl_term,
        "age_sbp": decades * sbp_ge110,
        "age_dm": decades * diabetes,
        "age_smoking": decades * current_smoker,
        "age_bmi30": decades * bmi_ge30,
        "age_egfr60": decades * egfr_lt60,
    }


def risk_percent(years: int, outcome: str, sex: Sex, values: dict[str, float]) -> float:
    """Return the risk within 10 or 30 years, %, from the values of the terms."""
    coefficients = TEN_YEARS if years == 10 else THIRTY_YEARS
    column = 2 * OUTCOMES.index(outcome) + (sex == "male")
    x = sum(row[column] * values[term] for term, row in coefficients.items())
    return 100 / (1 + math.exp(-x))


def _statin(asks: str) -> Action:
    return Action(asks, "ACC/AHA 2026", "10.1161/CIR.0000000000001423", unless=("statin",))


def _output(
    years: int,
    outcome: str,
    of: str,
    bands: tuple[Band, ...] = (),
    card: CardRule | None = None,
    edges: tuple[float, ...] = (),
) -> Output:
    needs_bmi = ("bmi",) if outcome == "heart_failure" else ()
    return Output(
        name=f"risk_{years}y_{outcome}_percent",
        label=f"{years}-year risk of {of}",
        unit="%",
        digits=1,
        edges=edges,
        equation=f"100 / (1 + e^-x), x = sum of {years}-year coefficient x term for {of} and sex",
        formula=lambda sex, **inputs: risk_percent(years, outcome, sex, terms(**inputs)),
        needs=(
            *("age", "sex", "cholesterol_total", "hdl", "systolic_bp", "diabetes"),
            *("current_smoker", "antihypertensive_treatment", "egfr", "statin"),
            *needs_bmi,
        ),
        optional=() if needs_bmi else ("bmi",),
        checked_if_given=("known_cvd_excludes_risk_score",),
        limits=(
            Limit("age", 30, 79, "PREVENT is for ages 30 to 79")
            if years == 10
            else Limit("age", 30, 59, "The 30-year risk is for ages 30 to 59"),
            Limit("cholesterol_total", 130, 320, "Total cholesterol must be 130 to 320 mg/dL"),
            Limit("hdl", 20, 100, "HDL cholesterol must be 20 to 100 mg/dL"),
            Limit("systolic_bp", 90, 200, "Systolic pressure must be 90 to 200 mmHg"),
            Limit("egfr", 15, 140, "eGFR must be 15 to 140 mL/min/1.73 m2"),
        ),
        exclusions=(
            HDL_NOT_BELOW_TOTAL,
            Exclusion(
                "BMI must be 18.5 to below 40 kg/m2",
                lambda g: below(g.get("bmi", 25), 18.5) or at_least(g.get("bmi", 25), 40),
            ),
            Exclusion(
                "Not valid with known cardiovascular disease (ASCVD or heart failure)",
                lambda values: values.get("known_cvd_excludes_risk_score") is True,
            ),
        ),
        bands=bands,
        card=card,
        meaning=lambda _: "" if bands else NO_BANDS,
    )


# The formula of each term, for the printed table.
_VALUES = {
    "age": "(age - 55)/10",
    "age2": "age squared",
    "nonhdl": "(TC - HDL) x 0.02586 - 3.5",
    "hdl": "(HDL x 0.02586 - 1.3)/0.3",
    "sbp_lt110": "(min(SBP, 110) - 110)/20",
    "sbp_ge110": "(max(SBP, 110) - 130)/20",
    "bmi_lt30": "(min(BMI, 30) - 25)/5",
    "bmi_ge30": "(max(BMI, 30) - 30)/5",
    "egfr_lt60": "(min(eGFR, 60) - 60)/-15",
    "egfr_ge60": "(max(eGFR, 60) - 90)/-15",
    "tx_sbp": "bptx x sbp_ge110",
    "tx_nonhdl": "statin x nonhdl",
    "age_sbp": "age x sbp_ge110",
    "age_bmi30": "age x bmi_ge30",
    "age_egfr60": "age x egfr_lt60",
}


def _cells(coefficients: Coefficients, term: str) -> tuple[str, ...]:
    return tuple(f"{c:.10g}" if c else "" for c in coefficients.get(term, (0.0,) * 6))


CALCULATOR = Calculator(
    name="prevent_2023_base",
    title="PREVENT (2023, base model)",
    short="PREVENT",
    subject="CV risk",
    year=2023,
    purpose="Estimates the risk of a first cardiovascular event.",
    population="Ages 30 to 79 (30-year risk: 30 to 59) without ASCVD or heart failure.",
    cautions=(
        "Only the heart failure models use BMI. Without a BMI, heart failure risks are left out.",
        "eGFR is calculated with CKD-EPI 2021. Diabetes means type 1 or 2.",
        "The ASCVD risk categories are from two secondary sources, which agree.",
    ),
    outputs=(
        _output(
            10,
            "ascvd",
            "ASCVD",
            (
                Band("below 3%: low (2026 ACC/AHA)", lambda v, _: below(v, 3), short="low"),
                Band(
                    "3 to below 5%: borderline (2026 ACC/AHA)",
                    lambda v, _: below(v, 5),
                    short="borderline",
                ),
                Band(
                    "5 to below 10%: intermediate (2026 ACC/AHA)",
                    lambda v, _: below(v, 10),
                    short="intermediate",
                    action=_statin("at least a moderate-intensity statin"),
                ),
                Band(
                    "10% or more: high (2026 ACC/AHA)",
                    lambda v, _: at_least(v, 10),
                    OnCard("info", "high from 10%"),
                    short="high",
                    action=_statin("a high-intensity statin"),
                ),
            ),
            card=CardRule(
                place=4,
                document="ACC/AHA 2026",
                doi="10.1161/CIR.0000000000001423",
                by_default=False,
                # Beyond 180 mmHg, the calculator's own note doubts the result.
                only_within={"systolic_bp": (90, 180)},
                not_found=(
                    *("known_cvd_excludes_risk_score", "palliative_care", "dialysis_status"),
                    *("acute_kidney_injury", "pregnancy"),
                ),
                no_drug=NoDrug("statin", ("statin",)),
            ),
            edges=(0, 3, 5, 10, 30),
        ),
        _output(
            10,
            "total_cvd",
            "total CVD",
            (
                Band(
                    "7.5% or more: the BP drug threshold is an average of 130/80 mmHg "
                    "(AHA/ACC 2025)",
                    lambda v, _: at_least(v, 7.5),
                    short="at least 7.5%",
                ),
                Band(
                    "below 7.5%, with diabetes: the BP drug threshold is an average of 130/80 mmHg "
                    "at any risk (AHA/ACC 2025)",
                    lambda v, g: below(v, 7.5) and g.get("diabetes") is True,
                    short="below 7.5%",
                ),
                Band(
                    "below 7.5%, with an eGFR below 60: in CKD, the BP drug threshold is an "
                    "average of 130/80 mmHg at any risk (AHA/ACC 2025)",
                    lambda v, g: below(v, 7.5) and below(g.get("egfr", 60), 60),
                    short="below 7.5%",
                ),
                Band(
                    "below 7.5%: without diabetes, CKD, CVD or a previous stroke, the BP drug "
                    "threshold is an average of 130/80 mmHg after 3 to 6 months of lifestyle "
                    "change, or 140/90 mmHg at once (AHA/ACC 2025)",
                    lambda v, _: below(v, 7.5),
                    short="below 7.5%",
                ),
            ),
            edges=(0, 7.5, 30),
        ),
        _output(10, "heart_failure", "heart failure"),
        _output(30, "total_cvd", "total CVD"),
        _output(30, "ascvd", "ASCVD"),
        _output(30, "heart_failure", "heart failure"),
    ),
    sources=(
        Citation(
            "Khan SS et al. Circulation 2024;149:430-449", "10.1161/CIRCULATIONAHA.123.067626"
        ),
        Citation(
            "2026 ACC/AHA dyslipidemia guideline (risk categories)", "10.1161/CIR.0000000000001423"
        ),
        Citation("2025 AHA/ACC blood pressure guideline (7.5%)", "10.1161/CIR.0000000000001356"),
        Citation(
            "KDIGO 2024 CKD guideline. Kidney Int 2024;105(4S):S117-S314 (albuminuria)",
            "10.1016/j.kint.2023.10.018",
        ),
        Citation(
            "2018 AHA/ACC cholesterol guideline (LDL of 190 mg/dL or more)",
            "10.1161/CIR.0000000000000625",
        ),
    ),
    table=(
        (
            "Term",
            "Value",
            *(f"{t} y {o} {s}" for t in (10, 30) for o in OUTCOMES for s in ("F", "M")),
        ),
        *(
            (term, _VALUES.get(term, ""), *_cells(TEN_YEARS, term), *_cells(THIRTY_YEARS, term))
            for term in THIRTY_YEARS
        ),
    ),
    table_note="An empty Value cell means that the term is the constant 1, a yes (1) or no (0), "
    "or age times the factor in its name.",
    notes=(
        Note(
            "Systolic pressure above 180 mmHg is beyond the derivation range of PREVENT",
            lambda values: above(values.get("systolic_bp", 0), 180),
        ),
    ),
    aliases="ascvd cvd 10-year 30-year risk",
    words="cardiovascular cardiac heart prevention cholesterol statin cardiology primary care "
    "failure attack infarction",
    validation="21 external data sets, 3,330,085 people: c statistic 0.794 in women, 0.757 in men; "
    "calibration slopes 1.03 and 0.94 (Khan 2024).",
    definitions={"diabetes": "type 1 or 2", "egfr": "by CKD-EPI 2021"},
    in_chart=InChart(
        relevant_with={"diabetes": "", "hypertension": ""},
        cautions=(
            *KIDNEY_CAUTIONS,
            ChartCaution(
                "severe_hypercholesterolemia",
                "An LDL cholesterol of 190 mg/dL or more, or familial hypercholesterolemia, is in "
                "the chart. Statin treatment then does not depend on this risk (AHA/ACC 2018, "
                "section 4.2).",
                "The chart suggests an LDL cholesterol of 190 mg/dL or more, or familial "
                "hypercholesterolemia. Statin treatment then does not depend on this risk (AHA/ACC "
                "2018, section 4.2).",
            ),
            ChartCaution(
                "chronic_kidney_disease",
                "Chronic kidney disease is documented in the chart. With it, the BP drug threshold "
                "is an average of 130/80 mmHg at any risk (AHA/ACC 2025).",
                "The problem list suggests chronic kidney disease. With it, the BP drug threshold "
                "is an average of 130/80 mmHg at any risk (AHA/ACC 2025).",
            ),
            ChartCaution(
                "albuminuria",
                "A urine albumin/creatinine ratio of 30 mg/g or more is in the chart. If it lasts "
                "for more than 3 months, it is chronic kidney disease (KDIGO 2024), in which the "
                "BP drug threshold is an average of 130/80 mmHg at any risk (AHA/ACC 2025).",
            ),
        ),
        steady=("creatinine",),
    ),
)
