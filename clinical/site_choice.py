"""Checks a site's choice of calculators and cards: `calculators_off` and `cards`. Pure.

Hospitals approve calculators and cards one by one, and must be able to turn off a wrong formula
without a release.
"""

from clinical.calculators import REGISTRY
from clinical.calculators.registry import CARDS
from shared.config.settings import Settings
from shared.config.table import Problem

_OFF = "Use the names in docs/calculators.md, such as has_bled."
_CARDS = f"Choose from {', '.join(CARDS)}."


def problems(settings: Settings) -> list[Problem]:
    """Return a problem for each name that isn't a calculator, or that doesn't have a card."""
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
    return faults
