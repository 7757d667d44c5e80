"""Where other programs find the calculators: `calculate(name, inputs)`. They lie in clinical/."""

from clinical.calculators import calculate

__all__ = ["calculate"]
