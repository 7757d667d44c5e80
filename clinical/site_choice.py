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
    faults = [
        Problem.at("setting_invalid", f"calculators_off[{index}]", "isn't a calculator", _OFF)
        for index, name in enumerate(settings.calculators_off)
        if name not in REGISTRY
    ]
    faults += [
        Problem.at("setting_invalid", f"cards[{index}]", "doesn't have a card", _CARDS)
        for index, name in enumerate(settings.cards or ())
        if name not in CARDS
    ]
    return faults
