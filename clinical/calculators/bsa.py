"""Body surface area: Mosteller, N Engl J Med 1987;317:1098."""

import math

from clinical.calculators.model import Calculator, Citation, Output


def body_surface_area(weight: float, height: float) -> float:
    """Return the body surface area, m2, from weight in kg and height in cm."""
    return math.sqrt(height * weight / 3600)


CALCULATOR = Calculator(
    name="bsa_mosteller",
    title="Body surface area (Mosteller)",
    short="BSA",
    subject="Body",
    year=1987,
    purpose="Estimates body surface area, for dosing and indexing.",
    population="Any age. Simplifies the Gehan and George formula (1970), which was derived in "
    "children and adults.",
    cautions=(
        "BSA formulas differ most at extremes of weight. Check which one your protocol uses.",
    ),
    outputs=(
        Output(
            name="bsa",
            label="BSA",
            unit="m2",
            digits=2,
            equation="sqrt(height in cm x weight in kg / 3600)",
            formula=body_surface_area,
            needs=("weight", "height"),
            meaning=lambda _: "for dosing and indexing",
        ),
    ),
    sources=(Citation("Mosteller RD. N Engl J Med 1987;317:1098", "10.1056/NEJM198710223171717"),),
    aliases="mosteller",
    words="chemo chemotherapy dose dosing oncology pharmacy skin",
    validation="No study is cited, because we have not read one that is open access.",
)
