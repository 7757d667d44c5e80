"""The bands of a result as a drawing: the limits, and the band that the result is in. Pure.

The text of each band comes from the calculator, for this patient. So a man's drawing doesn't have a
woman's limits.
"""

import math
from dataclasses import dataclass

from clinical.calculators.model import Given, Output


@dataclass(frozen=True, slots=True)
class Segment:
    """One band: its start and width in percent, its lower limit, and its text."""

    left: float
    width: float
    limit: str
    text: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class BandBar:
    """The bands from low to high, the position of the result in percent, and the same in words."""

    segments: tuple[Segment, ...]
    mark: float
    label: str


def bar(output: Output, value: float, printed: str, given: Given) -> BandBar | None:
    """Return the drawing for a result, or None if there are no bands for this patient."""
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
    # Put a score in the middle of its cell.
    place = math.floor(value) + 0.5 if is_score else value
    told = "; ".join(text for _, _, text in joined)
    label = f"{output.label} {printed} is in the band {own}. All bands: {told}."
    return BandBar(segments, _per_cent(min(max(place, low), high), low, high), label)


def _inside(cell: tuple[float, float], *, whole: bool) -> float:
    """Return a value inside a cell: its first number for a score, otherwise its middle."""
    return cell[0] if whole else sum(cell) / 2


def _per_cent(value: float, low: float, high: float) -> float:
    return round(100 * (value - low) / (high - low), 2)
