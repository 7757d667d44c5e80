"""Clinical calculators as pure code: one module per published calculator, one entry point."""

from .evaluate import Evaluation, Result, calculate, evaluate, with_computed_inputs
from .model import Refused, UnknownCalculator
from .registry import REGISTRY

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
