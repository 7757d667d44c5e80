"""eGFR from serum creatinine without race: CKD-EPI 2021 (Inker, N Engl J Med 2021;385:1737)."""

from clinical.calculators.card_rule import CardRule, Lasting, OnCard
from clinical.calculators.in_chart import DAY, KIDNEY_CAUTIONS, ChartCaution, InChart, Reported
from clinical.calculators.limits import at_least, below
from clinical.calculators.model import ADULTS, Action, Band, Calculator, Citation, Output, Sex


def egfr(age: int, sex: Sex, creatinine: float) -> float:
    """Return the eGFR, mL/min/1.73 m2, from IDMS-traceable creatinine in mg/dL."""
    female = sex == "female"
    kappa = 0.7 if female else 0.9
    alpha = -0.241 if female else -0.302
    gfr: float = (
        142
        * min(creatinine / kappa, 1) ** alpha
        * max(creatinine / kappa, 1) ** -1.200
        * 0.9938**age
        * (1.012 if female else 1)
    )
    return gfr


_REFERRAL = Action(
    "refer to specialist kidney care",
    "KDIGO 2012",
    "10.1038/kisup.2012.68",
    unless=("dialysis_status", "kidney_transplant"),
)

CALCULATOR = Calculator(
    name="egfr_ckd_epi_2021",
    title="eGFR (CKD-EPI 2021, creatinine)",
    short="eGFR (2021)",
    subject="Kidney",
    year=2021,
    purpose="Estimates kidney function, for staging and follow-up of chronic kidney disease.",
    population="Adults. The equation does not use race.",
    cautions=(
        "Not valid while creatinine is changing (as in AKI), in pregnancy or on dialysis.",
        "Not reliable at extremes of muscle mass.",
        (
            "If cystatin C is available, KDIGO 2024 (1.1.2.1) bases the category on creatinine and "
            "cystatin C together."
        ),
        (
            "A diagnosis of CKD requires abnormalities for more than 3 months. G1 and G2 also "
            "require a marker of kidney damage."
        ),
    ),
    outputs=(
        Output(
            name="egfr",
            label="eGFR",
            unit="mL/min/{1.73_m2}",
            digits=0,
            edges=(0, 15, 30, 45, 60, 90, 120),
            equation=(
                "142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age x 1.012 [female]; "
                "k 0.7 female, 0.9 male; a -0.241 female, -0.302 male; Scr creatinine in mg/dL"
            ),
            formula=egfr,
            needs=("age", "sex", "creatinine"),
            provides="egfr",
            limits=(ADULTS,),
            bands=(
                Band("G1: 90 or more, normal or high", lambda v, _: at_least(v, 90), short="G1"),
                Band(
                    "G2: 60 to below 90, mildly decreased", lambda v, _: at_least(v, 60), short="G2"
                ),
                Band(
                    "G3a: 45 to below 60, mildly to moderately decreased",
                    lambda v, _: at_least(v, 45),
                    short="G3a",
                ),
                Band(
                    "G3b: 30 to below 45, moderately to severely decreased",
                    lambda v, _: at_least(v, 30),
                    OnCard("info", "G3b, 30 to below 45"),
                    short="G3b",
                ),
                Band(
                    "G4: 15 to below 30, severely decreased",
                    lambda v, _: at_least(v, 15),
                    OnCard("warning", "G4, 15 to below 30"),
                    short="G4",
                    action=_REFERRAL,
                ),
                Band(
                    "G5: below 15, kidney failure",
                    lambda v, _: below(v, 15),
                    OnCard("warning", "G5, below 15"),
                    short="G5",
                    action=_REFERRAL,
                ),
            ),
            card=CardRule(
                place=3,
                document="KDIGO 2024",
                doi="10.1016/j.kint.2023.10.018",
                not_found=(
                    *("acute_kidney_injury", "dialysis_status", "kidney_transplant", "pregnancy"),
                    "palliative_care",
                ),
                # KDIGO 2024: chronic means more than three months.
                lasting=Lasting("creatinine", 90 * DAY),
                listed="chronic_kidney_disease",
            ),
        ),
    ),
    sources=(
        Citation("Inker LA et al. N Engl J Med 2021;385:1737-1749", "10.1056/NEJMoa2102953"),
        Citation(
            "KDIGO 2024 CKD guideline. Kidney Int 2024;105(4S):S117-S314 (stages)",
            "10.1016/j.kint.2023.10.018",
        ),
        Citation(
            "KDIGO 2012 CKD guideline. Kidney Int Suppl 2013;3:112-119 (referral below 30)",
            "10.1038/kisup.2012.68",
        ),
    ),
    aliases="gfr ckd-epi ckdepi mdrd renal kidney function glomerular filtration",
    words="kidneys ckd creatinin nephrology chronic disease failure stage",
    validation="12 studies, 4,050 people: bias -3.6 (Black) and 3.9 (others) mL/min/1.73 m2, at "
    "least 85% of estimates within 30% of measured GFR (Inker 2021).",
    in_chart=InChart(
        relevant_with={
            "acute_kidney_injury": "AKI",
            "chronic_kidney_disease": "CKD",
            "abnormal_renal_function": "",
            "diabetes": "",
            "hypertension": "",
        },
        cautions=(
            *KIDNEY_CAUTIONS,
            ChartCaution(
                "kidney_transplant",
                "A kidney transplant is documented in the chart. It counts as kidney damage, so G1 "
                "and G2 do not rule out chronic kidney disease (KDIGO 2024).",
                "The problem list suggests a kidney transplant. It counts as kidney damage, so G1 "
                "and G2 do not rule out chronic kidney disease (KDIGO 2024).",
            ),
        ),
        steady=("creatinine",),
        reported=Reported("egfr_reported", "egfr"),
    ),
)
