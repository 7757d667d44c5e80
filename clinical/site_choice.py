"""Checks what a site chooses of the calculators: `calculators_off` and `cards`. Pure.

A hospital approves calculators and cards one by one, and a wrong formula must go without a release.
"""

from clinical.calculators import REGISTRY
from clinical.calculators.registry import CARDS
from shared.config.settings import Settings
from shared.config.table import Problem

_OFF = "Use the names in docs/calculators.md, such as has_bled."
_CARDS = f"Choose from {', '.join(CARDS)}."


def problems(settings: Settings) -> list[Problem]:
    """Return every name that no calculator has, or that gives no card, as a problem."""
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
