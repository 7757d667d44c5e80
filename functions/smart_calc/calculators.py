"""Entry point for other programs: `calculate(name, inputs)`. The calculators are in clinical/."""

from clinical.calculators import calculate

__all__ = ["calculate"]
