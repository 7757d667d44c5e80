"""The calculators that a site has turned off: `calculators_off` in the configuration. Pure.

A hospital approves calculators one by one, and a wrong formula must go without a release.
"""

from clinical.calculators import REGISTRY
from shared.config.settings import Settings
from shared.config.table import Problem

_REMEDY = "Write names as docs/calculators.md lists them, such as has_bled."


def problems(settings: Settings) -> list[Problem]:
    """Every name that no calculator has, as a problem of the configuration."""
    return [
        Problem.at("setting_invalid", f"calculators_off[{index}]", "is no calculator", _REMEDY)
        for index, name in enumerate(settings.calculators_off)
        if name not in REGISTRY
    ]
