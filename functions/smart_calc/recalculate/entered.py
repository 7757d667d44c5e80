"""Values as a person typed them: a decimal comma or point, and nothing ambiguous.

`1,500` is one and a half in some countries and fifteen hundred in others. So it's refused.
"""

from clinical.calculators.inputs import CHOICES, FLAGS, label
from clinical.calculators.model import NotUnderstood
from shared.patterns import pattern

_NUMBER = pattern(r"(?a)[+-]?(\d+)(?:[.,](\d+))?|[+-]?[.,]\d+")
_LONGEST = 20


def read(name: str, value: object) -> object:
    """Return the value to calculate with, converting text to a number or a numbered answer.

    Raises NotUnderstood if the text isn't a number or is ambiguous.
    """
    if not isinstance(value, str) or name in FLAGS:
        return value
    if name in CHOICES:
        return next((one for one in CHOICES[name].answers if str(one) == value), value)
    return _number(name, value.strip())


def _number(name: str, text: str) -> float | None:
    if not text:
        return None
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise NotUnderstood(
            f"{label(name)}: enter a number with a period or comma as the decimal point and "
            "no other separator"
        )
    whole, decimals = match.groups()
    if decimals and len(decimals) == 3 and len(whole) <= 3 and not whole.startswith("0"):
        raise NotUnderstood(
            f"{label(name)}: three digits after a period or comma can be read in two ways. "
            "Enter the number without a separator, or with a different number of decimal places"
        )
    return float(text.replace(",", "."))
