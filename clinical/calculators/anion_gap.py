"""Serum anion gap (Emmett and Narins 1977), corrected for albumin (Figge 1998)."""

from clinical.calculators.in_chart import DrawRule, InChart
from clinical.calculators.model import ADULTS, Calculator, Citation, Formula, Output


def anion_gap(sodium: float, chloride: float, bicarbonate: float) -> float:
    """Return the anion gap, mmol/L."""
    return sodium - chloride - bicarbonate


def albumin_corrected(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> float:
    """Return the anion gap at an albumin of 4.0 g/dL, mmol/L."""
    return anion_gap(sodium, chloride, bicarbonate) + 2.5 * (4.0 - albumin)


def with_potassium(sodium: float, potassium: float, chloride: float, bicarbonate: float) -> float:
    """Return the anion gap with potassium included, mmol/L."""
    return anion_gap(sodium, chloride, bicarbonate) + potassium


_IONS = ("sodium", "chloride", "bicarbonate")


def _output(name: str, label: str, equation: str, formula: Formula, *further: str) -> Output:
    return Output(
        name=name,
        label=label,
        unit="mmol/L",
        digits=0,
        equation=equation,
        formula=formula,
        needs=(*_IONS, *further),
        checked_if_given=("age",),
        limits=(ADULTS,),
        meaning=lambda _: "check your laboratory's reference range",
    )


CALCULATOR = Calculator(
    name="anion_gap",
    title="Anion gap, corrected for albumin",
    short="Anion gap",
    subject="Metabolic",
    year=1998,
    purpose="Estimates unmeasured anions in metabolic acidosis.",
    population="Adults.",
    cautions=(
        "The normal range depends on the laboratory.",
        (
            "Usual range without potassium: about 3 to 11 mmol/L with ion-selective electrodes "
            "(8 to 16 with older methods)."
        ),
        "All values must come from the same draw.",
        "Figge used a reference albumin of 4.4 g/dL. The value in common use is 4.0.",
    ),
    outputs=(
        _output("anion_gap", "Anion gap", "Na - Cl - HCO3", anion_gap),
        _output(
            "anion_gap_albumin_corrected",
            "Anion gap, albumin-corrected",
            "Na - Cl - HCO3 + 2.5 x (4.0 - albumin in g/dL)",
            albumin_corrected,
            "albumin",
        ),
        _output(
            "anion_gap_with_potassium",
            "Anion gap with potassium",
            "Na + K - Cl - HCO3",
            with_potassium,
            "potassium",
        ),
    ),
    sources=(
        Citation("Emmett M, Narins RG. Medicine 1977;56:38-54", "10.1097/00005792-197701000-00002"),
        Citation(
            "Figge J et al. Crit Care Med 1998;26:1807-1810", "10.1097/00003246-199811000-00019"
        ),
    ),
    aliases="ag",
    words="acidosis acid base ketoacidosis dka electrolytes blood gas abg nephrology critical "
    "care lactate toxicology",
    validation="Not a risk score, so it has no c statistic.",
    in_chart=InChart(draw=DrawRule(_IONS, ("albumin", "potassium"))),
)
