"""Mean arterial pressure from one reading: the diastolic plus a third of the pulse pressure."""

from clinical.calculators.in_chart import InChart, Reported
from clinical.calculators.limits import at_least, below
from clinical.calculators.model import (
    ADULTS,
    Band,
    Calculator,
    Citation,
    Exclusion,
    Output,
)


def mean_pressure(systolic_bp: float, diastolic_bp: float) -> float:
    """Return the mean arterial pressure, mmHg."""
    return (systolic_bp + 2 * diastolic_bp) / 3


_BELOW_SYSTOLIC = Exclusion(
    "Diastolic pressure must be below systolic pressure: check both values",
    lambda values: (
        {"systolic_bp", "diastolic_bp"}.issubset(values)
        and at_least(values["diastolic_bp"], values["systolic_bp"])
    ),
)

CALCULATOR = Calculator(
    name="mean_arterial_pressure",
    title="Mean arterial pressure",
    short="MAP",
    subject="Pressure",
    year=None,
    purpose="Estimates the mean arterial pressure from a cuff reading.",
    population="Adults with a regular rhythm at rest.",
    cautions=(
        "The third is an approximation for resting heart rates.",
        "In tachycardia or arrhythmia, the true mean can be higher or lower.",
        "Both pressures must be from one reading.",
        "A measured mean is preferred to a calculated one.",
        "65 mmHg is the usual target in septic shock (Surviving Sepsis Campaign 2021).",
        "The right pressure for a patient can be higher.",
    ),
    outputs=(
        Output(
            name="mean_arterial_pressure",
            label="Mean arterial pressure",
            unit="mm[Hg]",
            digits=0,
            edges=(40, 65, 70, 130),
            equation="diastolic + (systolic - diastolic) / 3",
            formula=mean_pressure,
            needs=("systolic_bp", "diastolic_bp"),
            checked_if_given=("age",),
            limits=(ADULTS,),
            exclusions=(_BELOW_SYSTOLIC,),
            provides="mean_arterial_pressure",
            bands=(
                Band(
                    "below 65: below the usual target in septic shock",
                    lambda v, _: below(v, 65),
                    short="below 65",
                ),
                Band("65 to below 70: a SOFA point", lambda v, _: below(v, 70), short="65 to 70"),
                Band(
                    "70 or more: no SOFA point, without a vasopressor",
                    lambda _, __: True,
                    short="70 or more",
                ),
            ),
        ),
    ),
    sources=(
        Citation(
            "Razminia M et al. Catheter Cardiovasc Interv 2004;63:419-425 (heart rate)",
            "10.1002/ccd.20217",
        ),
        Citation(
            "Evans L et al. Surviving Sepsis Campaign 2021. Crit Care Med 2021;49:e1063-e1143 "
            "(target)",
            "10.1097/CCM.0000000000005337",
        ),
        Citation("Singer M et al. JAMA 2016;315:801-810 (SOFA)", "10.1001/jama.2016.0287"),
    ),
    aliases="map mean blood pressure",
    words="perfusion shock hypotension vasopressor vital signs intensive critical care",
    validation="An approximation, not a score, so it has no c statistic.",
    definitions={"diastolic_bp": "from the same reading as the systolic pressure"},
    in_chart=InChart(reported=Reported("mean_arterial_pressure", "mean_arterial_pressure")),
)
