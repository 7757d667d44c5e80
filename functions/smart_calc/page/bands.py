"""The bands of a result as a drawing: where the limits lie, and in which band the result is. Pure.

The words of each band come from the calculator, for this patient: the limits of a woman are not
drawn for a man.
"""

import math
from dataclasses import dataclass

from clinical.calculators.model import Given, Output


@dataclass(frozen=True, slots=True)
class Segment:
    """One band: where it begins and how wide it is, in per cent; its first limit, and its words."""

    left: float
    width: float
    limit: str
    text: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class BandBar:
    """The bands from low to high, the place of the result in per cent, and the same in words."""

    segments: tuple[Segment, ...]
    mark: float
    label: str


def bar(output: Output, value: float, printed: str, given: Given) -> BandBar | None:
    """The drawing for a result; None where no bands are published, or none is for this patient."""
    if not output.edges:
        return None
    low, high = output.edges[0], output.edges[-1]
    is_score = output.unit == "{score}"
    cells = list(zip(output.edges, output.edges[1:], strict=False))
    texts = [output.band(_inside(cell, whole=is_score), given) for cell in cells]
    own = output.band(value, given)
    if own is None or None in texts:
        return None
    joined: list[tuple[float, float, str]] = []
    for (start, end), text in zip(cells, texts, strict=True):
        if joined and joined[-1][2] == text:
            joined[-1] = (joined[-1][0], end, str(text))
        else:
            joined.append((start, end, str(text)))
    segments = tuple(
        Segment(
            left=_per_cent(start, low, high),
            width=round(_per_cent(end, low, high) - _per_cent(start, low, high), 2),
            limit=f"{start:g}" if place else "",
            text=text,
            is_own=text == own,
        )
        for place, (start, end, text) in enumerate(joined)
    )
    # A score stands in the middle of its cell.
    place = math.floor(value) + 0.5 if is_score else value
    told = "; ".join(text for _, _, text in joined)
    label = f"{output.label} {printed} is in the band {own}. All bands: {told}."
    return BandBar(segments, _per_cent(min(max(place, low), high), low, high), label)


def _inside(cell: tuple[float, float], *, whole: bool) -> float:
    """A value of a cell: a score is its first number, else none of the limits will do."""
    return cell[0] if whole else sum(cell) / 2


def _per_cent(value: float, low: float, high: float) -> float:
    return round(100 * (value - low) / (high - low), 2)
