"""Calculated serum osmolality and osmolal gap (Worthley 1987; Khajuria and Krahn 2005)."""

from clinical.calculators.in_chart import DrawRule, InChart
from clinical.calculators.limits import above, at_most, below
from clinical.calculators.model import ADULTS, Band, Calculator, Citation, Output


def calculated(sodium: float, glucose: float, bun: float, ethanol: float = 0) -> float:
    """Return the calculated osmolality, mosm/kg, from mmol/L and mg/dL."""
    return 2 * sodium + glucose / 18 + bun / 2.8 + ethanol / 4.6


def gap(
    osmolality_measured: float, sodium: float, glucose: float, bun: float, ethanol: float = 0
) -> float:
    """Return the measured minus the calculated osmolality, mosm/kg."""
    return osmolality_measured - calculated(sodium, glucose, bun, ethanol)


_SOLUTES = ("sodium", "glucose", "bun")

CALCULATOR = Calculator(
    name="serum_osmolality",
    title="Calculated osmolality and osmolal gap",
    short="Osmolality",
    subject="Metabolic",
    year=1987,
    purpose="Estimates unmeasured osmoles.",
    population="Adults.",
    cautions=(
        "BUN is urea nitrogen, not urea. BUN in mg/dL is urea in mg/dL x 0.467.",
        "All values must come from the same draw.",
        "Conventional limits are 275 to 295 mosm/kg and a gap of 10.",
        (
            "If an ethanol level is given, both results include it, divided by 4.6 (from its molar "
            "mass of 46 g/mol). Purssell (2001) divides by 3.7, which makes the gap smaller."
        ),
    ),
    outputs=(
        Output(
            name="calculated_osmolality",
            label="Calculated osmolality",
            unit="mosm/kg",
            digits=0,
            edges=(255, 275, 295, 315),
            equation="2 Na + glucose / 18 + BUN / 2.8 + ethanol / 4.6 [if given]; mmol/L, mg/dL",
            formula=calculated,
            needs=_SOLUTES,
            optional=("ethanol",),
            checked_if_given=("age",),
            limits=(ADULTS,),
            bands=(
                Band("below 275: low", lambda v, _: below(v, 275), short="low"),
                Band(
                    "275 to 295: within the usual range",
                    lambda v, _: at_most(v, 295),
                    short="in range",
                ),
                Band("above 295: high", lambda v, _: above(v, 295), short="high"),
            ),
        ),
        Output(
            name="osmolal_gap",
            label="Osmolal gap",
            unit="mosm/kg",
            digits=0,
            edges=(-10, 10, 30),
            equation="measured - calculated osmolality",
            formula=gap,
            needs=("osmolality_measured", *_SOLUTES),
            optional=("ethanol",),
            checked_if_given=("age",),
            limits=(ADULTS,),
            bands=(
                Band("above 10: elevated", lambda v, _: above(v, 10), short="elevated"),
                Band(
                    "10 or below: not elevated", lambda v, _: at_most(v, 10), short="not elevated"
                ),
            ),
        ),
    ),
    sources=(
        Citation("Worthley LIG et al. Anaesth Intensive Care 1987;15:199-202", None),
        Citation(
            "Khajuria A, Krahn J. Clin Biochem 2005;38:514-519 (comparison of formulas)",
            "10.1016/j.clinbiochem.2005.03.001",
        ),
        Citation(
            "Purssell RA et al. Ann Emerg Med 2001;38:653-659 (ethanol / 3.7)",
            "10.1067/mem.2001.119455",
        ),
    ),
    aliases="osmolarity osmole",
    words="toxic alcohol methanol ethylene glycol ethanol toxicology nephrology poisoning",
    validation="No study is cited, because we have not read one that is open access.",
    definitions={"bun": "urea nitrogen, not urea (BUN in mg/dL is urea in mg/dL x 0.467)"},
    in_chart=InChart(draw=DrawRule(_SOLUTES, ("ethanol", "osmolality_measured"))),
)
