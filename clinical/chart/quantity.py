"""A charted quantity in its canonical unit, or the reason why it can't be used (FHIR R4).

Text is never parsed and nothing is guessed. A bound, a text, a missing or unknown unit or an
implausible number leaves the value empty, with the reason.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from clinical.calculators.inputs import INPUTS, to_canonical
from clinical.calculators.model import Implausible, NotUnderstood, UnknownUnit
from clinical.calculators.units import conversion, normalise
from clinical.chart.codes.observations import MOLAR_LOINC, UCUM, UREA_LOINC
from clinical.chart.codes.plausible import implausible
from clinical.chart.evidence import Flag
from clinical.chart.resources import written_range
from clinical.chart.resources.json_access import codings, label, text
from clinical.chart.resources.written_range import NO_RANGE, Range
from shared.frozen import dataclass
from shared.json_members import fields, items, objects

_LARGEST_SHOWN = 1e12
# Charted in percent or as a fraction of 1 (UCUM "1"). For other inputs, "1" isn't shown as a unit.
SHARES = frozenset({"spo2", "fio2"})
_NUMBERS = frozenset({int, float, Decimal})
_UNIT = ("unit", "system", "code")


@dataclass(frozen=True, slots=True)
class ReadQuantity:
    """The value of one Observation or component; if it's None, `flag` and `why` tell why."""

    charted: str
    value: float | None = None
    charted_value: float | None = None
    charted_unit: str = ""
    flag: Flag | None = None
    why: str = ""
    notes: tuple[str, ...] = ()
    half_digit: float = 0.0


def read(name: str, loinc: str, element: Mapping[str, object]) -> ReadQuantity:
    """Read the value of an Observation or component for a measured input. Never raises."""
    if element.get("dataAbsentReason") is not None:
        reason = label(element["dataAbsentReason"]) or "no reason given"
        return ReadQuantity(reason, flag=Flag.DATA_ABSENT, why=f"no value: {reason}")
    if "valueInteger" in element and INPUTS[name].unit == "{score}":
        # A score needs no unit.
        element = {**element, "valueQuantity": {"value": element["valueInteger"]}}
    quantity = fields(element.get("valueQuantity"))
    if quantity.get("value") is None:
        return _without_quantity(element)
    number, unit = quantity["value"], unit_of(quantity)
    comparator = quantity.get("comparator")
    charted = read_text(element)
    if name in SHARES and unit == "1":
        charted += " (fraction of 1)"
    result = _converted(name, number, unit, charted)
    if result.flag is None and (why := _unit_in_doubt(name, loinc, quantity)):
        result = replace(result, value=None, flag=Flag.UNKNOWN_UNIT, why=why)
    if comparator is not None:
        # A bound isn't a value, regardless of its unit.
        return ReadQuantity(
            charted,
            charted_value=result.charted_value,
            charted_unit=unit,
            flag=Flag.COMPARATOR,
            why=f"charted only as below or above a limit: {charted}",
        )
    if result.value is not None and loinc in MOLAR_LOINC and "mol" not in normalise(unit):
        note = f"LOINC {loinc} implies molar units, but the chart says {unit}, so {unit} was used"
        return replace(result, notes=(note,))
    return result


def read_with_unit(name: str, code: str, element: Mapping[str, object], unit: str) -> ReadQuantity:
    """Read a value as `read` does, in the only unit that the site's configuration accepts."""
    quantity = fields(element.get("valueQuantity"))
    charted = unit_of(quantity)
    if not charted:
        result = read(name, code, {**element, "valueQuantity": {**quantity, "unit": unit}})
        note = f"no unit in the chart, and this site's settings say {unit}"
        return result if result.value is None else replace(result, notes=(note,))
    result = read(name, code, element)
    if result.value is not None and normalise(charted) != normalise(unit):
        why = f"the unit is charted as {charted}, but this site accepts only {unit} for this code"
        return replace(result, value=None, flag=Flag.UNKNOWN_UNIT, why=why, notes=())
    return result


class QuantityReader:
    """Reads quantities, each spelling once: a chart repeats values thousands of times."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], ReadQuantity] = {}
        self._ranges: dict[tuple[object, ...], Range] = {}

    def read(self, name: str, loinc: str, element: Mapping[str, object]) -> ReadQuantity:
        """Read the value of an Observation or component, as `read` does."""
        quantity = fields(element.get("valueQuantity"))
        number, kind = quantity.get("value"), type(quantity.get("value"))
        is_plain = "comparator" not in quantity and "dataAbsentReason" not in element
        if not is_plain or kind not in _NUMBERS:
            return read(name, loinc, element)
        # 1, 1.0 and 1.00 are equal, but not alike.
        spelling = (name, loinc, kind, str(number), *map(quantity.get, _UNIT))
        try:
            known = self._known.get(spelling)
        except TypeError:
            # An object in place of a text.
            return read(name, loinc, element)
        if known is None:
            known = self._known[spelling] = read(name, loinc, element)
        return known

    def normal_range(self, name: str, element: Mapping[str, object]) -> Range:
        """Return both ends of the charted reference range, in the canonical unit.

        An end without a unit has that of the value. Several ranges can be for different patients,
        so the value has to be within all of them. Critical and therapeutic ranges don't count.
        """
        if "referenceRange" not in element:
            return NO_RANGE
        value = fields(element.get("valueQuantity"))
        ranges = [
            self._ends(name, one, value)
            for one in objects(element["referenceRange"])
            if "type" not in one or _is_normal(one["type"])
        ]
        if len(ranges) == 1:
            return ranges[0]
        lows = [low for low, _ in ranges if low is not None]
        highs = [high for _, high in ranges if high is not None]
        return max(lows, default=None), min(highs, default=None)

    def _ends(self, name: str, charted: Mapping[str, object], value: Mapping[str, object]) -> Range:
        low, high = fields(charted.get("low")), fields(charted.get("high"))
        numbers = low.get("value"), high.get("value")
        written = text(charted.get("text")) if numbers == (None, None) else ""
        units = (*map(value.get, _UNIT), *map(low.get, _UNIT), *map(high.get, _UNIT))
        spelling = (name, written, *numbers, *map(type, numbers), *units)
        try:
            known = self._ranges.get(spelling)
        except TypeError:
            # An object in place of a text or a number.
            return _range(name, low, high, unit_of(value))
        if known is None:
            own = unit_of(value)
            read_range = written_range.read(name, written, own) if written else None
            known = self._ranges[spelling] = read_range or _range(name, low, high, own)
        return known


def _unit_in_doubt(name: str, loinc: str, quantity: Mapping[str, object]) -> str:
    """Return why a known unit can't be trusted, or ""."""
    coded, printed = unit_of(quantity), text(quantity.get("unit"))
    if printed and printed != coded:
        of_coded, of_printed = (conversion(INPUTS[name].units, one) for one in (coded, printed))
        if of_printed and of_printed != of_coded:
            return f"the unit is charted as {printed} and coded as {coded}"
    if loinc == UREA_LOINC and "mol" not in normalise(coded):
        return f"LOINC {loinc} is urea, and urea in {coded} is not urea nitrogen"
    return ""


def _without_quantity(element: Mapping[str, object]) -> ReadQuantity:
    if charted := read_text(element):
        return ReadQuantity(charted, flag=Flag.TEXT_VALUE, why=f"not a numeric value: {charted}")
    return ReadQuantity("", flag=Flag.NO_VALUE, why="the entry has no value")


def read_text(element: Mapping[str, object]) -> str:
    """Return any value[x] as text to show, never to parse, or "" if there's no value."""
    quantity = fields(element.get("valueQuantity"))
    if quantity.get("value") is not None:
        parts = (text(quantity.get("comparator")), _shown(quantity["value"]), _printed(quantity))
        return " ".join(filter(None, parts))
    for key, value in sorted(element.items()):
        if key.startswith("value") and key != "valueQuantity" and value is not None:
            return text(value) or label(value) or _shown(value) or key.removeprefix("value")
    return text(element.get("valueQuantity"))


def _converted(name: str, number: object, unit: str, charted: str) -> ReadQuantity:
    exact, number = number, _plain(number)
    shown = None if isinstance(number, bool) or not isinstance(number, int | float) else number
    plain = float(shown) if shown is not None and abs(shown) < _LARGEST_SHOWN else None
    try:
        value = to_canonical(name, number, unit)
    except NotUnderstood:
        return ReadQuantity(charted, flag=Flag.NOT_A_NUMBER, why="the value is not a number")
    except UnknownUnit:
        accepted = INPUTS[name].unit
        if not unit:
            flag, why = Flag.NO_UNIT, f"no unit in the chart (expected {accepted})"
        else:
            flag, why = Flag.UNKNOWN_UNIT, f"unknown unit {unit} (expected {accepted})"
        return ReadQuantity(charted, None, plain, unit, flag, why)
    except Implausible as refusal:
        return ReadQuantity(charted, None, plain, unit, Flag.OUT_OF_RANGE, str(refusal))
    if plain is not None and (why := implausible(name, plain, unit)):
        why = f"{INPUTS[name].label} is {why}"
        return ReadQuantity(charted, None, plain, unit, Flag.OUT_OF_RANGE, why)
    return ReadQuantity(charted, value, plain, unit, half_digit=_half_digit(name, exact, unit))


def _half_digit(name: str, number: object, unit: str) -> float:
    """Return half a unit of a charted number's last digit, in the canonical unit."""
    factor, _ = conversion(INPUTS[name].units, unit) or (0.0, 0.0)
    digits = str(number)
    decimals = len(digits.partition(".")[2])
    if "e" in digits.lower():
        exponent = Decimal(digits).as_tuple().exponent
        decimals = max(-exponent, 0) if isinstance(exponent, int) else 0
    return 0.5 * 10.0**-decimals * factor


def unit_of(quantity: Mapping[str, object]) -> str:
    """Return the UCUM code if the system is UCUM, otherwise the printed unit."""
    code = text(quantity.get("code")) if text(quantity.get("system")) == UCUM else ""
    return code or text(quantity.get("unit"))


def _printed(quantity: Mapping[str, object]) -> str:
    printed = text(quantity.get("unit")) or unit_of(quantity)
    # A UCUM annotation on its own, such as {INR}, isn't shown as a unit either.
    return "" if printed == "1" or printed[:1] + printed[-1:] == "{}" else printed


def _shown(number: object) -> str:
    """Return a number as charted; return text in its place unchanged."""
    plain = _plain(number)
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        return text(number)
    return text(str(number)) if abs(plain) < _LARGEST_SHOWN else "a number too large to show"


def _plain(number: object) -> object:
    """Return a number to calculate with; JSON readers may pass a Decimal to keep its digits."""
    return float(number) if isinstance(number, Decimal) and not number.is_snan() else number


def _is_normal(kind: object) -> bool:
    """Return whether a range is for healthy people: FHIR's `normal`, or not said."""
    name = label(kind).lower()
    is_named = not name or name.startswith(("normal", "reference"))
    return is_named or any(one.code == "normal" for one in codings(kind))


def _range(name: str, low: Mapping[str, object], high: Mapping[str, object], own: str) -> Range:
    return _end(name, low, own), _end(name, high, own)


def _end(name: str, end: Mapping[str, object], own: str) -> float | None:
    try:
        return to_canonical(name, _plain(end.get("value")), unit_of(end) or own or None)
    except ValueError:
        return None


# HL7's ObservationInterpretation.
_NORMAL, _ABNORMAL = frozenset({"N"}), frozenset({"L", "LL", "LU", "H", "HH", "HU", "<", ">"})


def is_flagged(element: Mapping[str, object]) -> bool | None:
    """Return whether the laboratory's flag says low or high, or None if it says neither that nor
    normal.
    """
    concepts = items(element.get("interpretation"))
    codes = {coding.code for concept in concepts for coding in codings(concept)}
    return bool(codes & _ABNORMAL) if codes & (_NORMAL | _ABNORMAL) else None
