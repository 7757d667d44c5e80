"""QT interval corrected for heart rate: Fridericia, Bazett, Framingham, Hodges."""

import math

from clinical.calculators.card_rule import CardRule, Nearby, OnCard
from clinical.calculators.in_chart import SAME_DRAW, ChartCaution, DrawRule, InChart
from clinical.calculators.limits import above, at_least, below, within
from clinical.calculators.model import (
    ADULTS,
    Action,
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    Formula,
    Note,
    Output,
    Sex,
)


def rr_interval(heart_rate: float) -> float:
    """Return the seconds between two beats."""
    return 60 / heart_rate


def fridericia(qt_interval: float, heart_rate: float) -> float:
    """Return the QTc by Fridericia 1920, ms."""
    return qt_interval / math.cbrt(rr_interval(heart_rate))


def bazett(qt_interval: float, heart_rate: float) -> float:
    """Return the QTc by Bazett 1920, ms."""
    return qt_interval / math.sqrt(rr_interval(heart_rate))


def framingham(qt_interval: float, heart_rate: float) -> float:
    """Return the QTc by Sagie 1992 (Framingham), ms."""
    return qt_interval + 154 * (1 - rr_interval(heart_rate))


def hodges(qt_interval: float, heart_rate: float) -> float:
    """Return the QTc by Hodges 1983, ms."""
    return qt_interval + 1.75 * (heart_rate - 60)


def _prolonged(limit: int, sex: Sex, people: str) -> Band:
    return Band(
        f"{limit} ms or more (limit for {people}): prolonged",
        lambda v, g: at_least(v, limit) and g.get("sex") == sex,
        short="prolonged",
    )


def _not_prolonged(limit: int, sex: Sex, people: str) -> Band:
    return Band(
        f"below {limit} ms (limit for {people}): not prolonged",
        lambda v, g: below(v, limit) and g.get("sex") == sex,
        short="not prolonged",
    )


# Only for the formula of the headline.
_ABOVE_500 = Band(
    "above 500 ms: high torsade risk",
    lambda v, _: above(v, 500),
    OnCard("warning", "high torsade risk above 500 ms"),
    short="above 500 ms",
    action=Action(
        "review QT-prolonging drugs, potassium and magnesium; monitor the ECG",
        "AHA/ACCF 2010",
        "10.1161/CIRCULATIONAHA.109.192704",
        urgent=True,
    ),
)
_BANDS = (
    _prolonged(460, "female", "women"),
    _prolonged(450, "male", "men"),
    _not_prolonged(460, "female", "women"),
    _not_prolonged(450, "male", "men"),
)


def _why_no_band(values: CheckedInputs) -> str:
    return "" if "sex" in values else "enter the sex (limits differ for women and men)"


_NEEDS = ("qt_interval", "heart_rate")
_IF_GIVEN = ("age", "sex")


def _qtc(name: str, equation: str, formula: Formula, card: CardRule | None = None) -> Output:
    """Return the output of one of the four formulas; the one with the card has a further band."""
    return Output(
        name=name,
        label=f"QTc ({name.title()})",
        unit="ms",
        digits=0,
        edges=(350, 450, 460, 500, 600),
        equation=equation,
        formula=formula,
        needs=_NEEDS,
        checked_if_given=_IF_GIVEN,
        limits=(ADULTS,),
        bands=(_ABOVE_500, *_BANDS) if card else _BANDS,
        meaning=_why_no_band,
        card=card,
    )


CALCULATOR = Calculator(
    name="qtc",
    title="Corrected QT interval",
    short="QTc",
    subject="ECG",
    year=1920,
    purpose="Estimates the QT interval at a heart rate of 60/min.",
    population="Adults.",
    cautions=(
        "QT and heart rate must come from the same tracing.",
        "Not valid with a wide QRS, or in an irregular rhythm unless averaged over several beats.",
    ),
    outputs=(
        _qtc(
            "fridericia",
            "QT / RR^(1/3); RR = 60 / heart rate, in s",
            fridericia,
            card=CardRule(
                place=1,
                document="AHA/ACCF 2010",
                doi="10.1161/CIRCULATIONAHA.109.192704",
                # The QTc is not estimated in fibrillation (J Electrocardiol 2012;45:556-60).
                not_found=("wide_qrs", "active_atrial_fibrillation"),
                nearby=Nearby("qrs_duration", 120, of="qt_interval", within=SAME_DRAW),
            ),
        ),
        _qtc("bazett", "QT / sqrt(RR)", bazett),
        _qtc("framingham", "QT + 154 x (1 - RR)", framingham),
        _qtc("hodges", "QT + 1.75 x (heart rate - 60)", hodges),
    ),
    sources=(
        Citation(
            "Fridericia LS. Acta Med Scand 1920;53:469-486", "10.1111/j.0954-6820.1920.tb18266.x"
        ),
        Citation(
            "Bazett HC. Heart 1920;7:353-370 (reprinted Ann Noninvasive Electrocardiol 1997)",
            "10.1111/j.1542-474X.1997.tb00325.x",
        ),
        Citation("Sagie A et al. Am J Cardiol 1992;70:797-801", "10.1016/0002-9149(92)90562-D"),
        Citation("Hodges M et al. J Am Coll Cardiol 1983;1:694 (abstract)", None),
        Citation(
            "AHA/ACCF/HRS 2009 recommendations on the electrocardiogram, part IV (limits)",
            "10.1161/CIRCULATIONAHA.108.191096",
        ),
        Citation(
            "AHA/ACCF 2010 statement on torsade de pointes in hospital settings (500 ms)",
            "10.1161/CIRCULATIONAHA.109.192704",
        ),
    ),
    notes=(
        Note(
            "Heart rate outside 60 to 100/min: Bazett distorts the QTc",
            lambda values: not within(values.get("heart_rate", 60), 60, 100),
        ),
    ),
    aliases="long qt prolonged prolongation ekg bazett fridericia framingham hodges",
    words="torsades torsade heart rhythm arrhythmia arrythmia cardiology drug",
    validation="In 6,609 people, Fridericia and Framingham corrected the QT best. Hazard ratios "
    "for death within 30 days: Fridericia 5.95, Framingham 7.31, Bazett 4.49 (Vandenberk 2016).",
    definitions={"qt_interval": "from the same tracing as the heart rate"},
    in_chart=InChart(
        draw=DrawRule(_NEEDS, within=SAME_DRAW),
        cautions=(
            ChartCaution(
                "active_atrial_fibrillation",
                "Atrial fibrillation is documented in the chart. In an irregular rhythm, the QTc "
                "of one beat means little, so average it over several beats.",
                "The problem list suggests atrial fibrillation. In an irregular rhythm, average "
                "the QTc over several beats.",
            ),
            ChartCaution(
                "wide_qrs",
                "A wide QRS or a pacemaker is documented in the chart. The limits are for a narrow "
                "QRS.",
                "The problem list suggests a wide QRS or a pacemaker. The limits are for a narrow "
                "QRS.",
            ),
        ),
    ),
)
