"""Clinical calculators as pure code: one module for each published calculator, one entry point."""

from clinical.calculators.evaluate import (
    Evaluation,
    Result,
    calculate,
    evaluate,
    with_computed_inputs,
)
from clinical.calculators.model import Refused, UnknownCalculator
from clinical.calculators.registry import REGISTRY

__all__ = [
    "REGISTRY",
    "Evaluation",
    "Refused",
    "Result",
    "UnknownCalculator",
    "calculate",
    "evaluate",
    "with_computed_inputs",
]
