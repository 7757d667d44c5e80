"""Checks what a site says about calculators: `calculators_off`, `cards` and `[[ehr.codes]]`. Pure.

Hospitals approve calculators and cards one by one, and must be able to turn off a wrong formula
without a release.
"""

from clinical.calculators import REGISTRY
from clinical.calculators.inputs import INPUTS
from clinical.calculators.registry import CARDS
from clinical.calculators.units import conversion
from shared.config.settings import Settings
from shared.config.table import Problem

_OFF = "Use the names in docs/calculators.md, such as has_bled."
_INPUT = "Use a name under Inputs in docs/calculators.md, such as creatinine."
_CARDS = f"Choose from {', '.join(CARDS)}."


def problems(settings: Settings) -> list[Problem]:
    """Return a problem for each name that isn't a calculator, that doesn't have a card, or that
    isn't a measured input, and for each unit that its input doesn't have.
    """
    top, faults = settings.app, list[Problem]()
    placed = [("", top), *((f"ehr[{at}].", one.app) for at, one in enumerate(settings.ehrs))]
    for place, app in placed:
        # An entry without its own names has the top level's.
        if app is top or app.calculators_off is not top.calculators_off:
            faults += [
                Problem.at(
                    "setting_invalid", f"{place}calculators_off[{at}]", "isn't a calculator", _OFF
                )
                for at, name in enumerate(app.calculators_off)
                if name not in REGISTRY
            ]
        if app is top or app.cards is not top.cards:
            faults += [
                Problem.at("setting_invalid", f"{place}cards[{at}]", "doesn't have a card", _CARDS)
                for at, name in enumerate(app.cards or ())
                if name not in CARDS
            ]
    for place, code in (
        (f"ehr[{at}].codes[{index}]", code)
        for at, ehr in enumerate(settings.ehrs)
        for index, code in enumerate(ehr.codes)
        if code.input
    ):
        measured = INPUTS.get(code.input)
        if measured is None:
            what = "isn't a value that the calculators read from Observations"
            faults.append(Problem.at("setting_invalid", f"{place}.input", what, _INPUT))
        elif code.unit and conversion(measured.units, code.unit) is None:
            what = f"isn't a unit of {code.input}"
            remedy = f"Write the laboratory's unit, such as {measured.unit}."
            faults.append(Problem.at("setting_invalid", f"{place}.unit", what, remedy))
    return faults
