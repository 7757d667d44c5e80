"""The bands of a result as a bar: each class with its lower limit and name, and the position of the
result in its class. Pure.

A class is as wide as its name, so the bar isn't to scale. The classes are those for this patient:
limits for women aren't drawn for a man.
"""

import math

from clinical.calculators.model import Band, CheckedInputs, Output
from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """One class: its lower limit, its name, and everything that is published about it.

    `mark` is the position of the result in the class, as a percentage of its width. It's None if
    the result is in another class or beyond the end of the bar.
    """

    limit: str
    name: str
    text: str
    is_own: bool
    mark: float | None


@dataclass(frozen=True, slots=True)
class BandBar:
    """The classes from low to high, the value at the end of the bar, and a text version of it."""

    segments: tuple[Segment, ...]
    end: str
    label: str


def bar(output: Output, value: float, printed: str, values: CheckedInputs) -> BandBar | None:
    """Return the drawing for a result, or None if there are no bands for this patient."""
    if not output.edges:
        return None
    is_score = output.unit == "{score}"
    cells = list(zip(output.edges, output.edges[1:], strict=False))
    # By the first number of a score's cell, otherwise by the middle.
    inside = [start if is_score else (start + end) / 2 for start, end in cells]
    bands = [output.band_of(one, values) for one in inside]
    own = output.band(value, values)
    joined: list[tuple[float, float, Band]] = []
    for (start, end), band in zip(cells, bands, strict=True):
        if band is None:
            return None
        if joined and joined[-1][2].text == band.text:
            joined[-1] = (joined[-1][0], end, band)
        else:
            joined.append((start, end, band))
    if own is None:
        return None
    # A score is drawn in the middle of its cell. The last cell is for the highest score.
    place = math.floor(value) + 0.5 if is_score else value
    segments = tuple(
        Segment(
            limit=f"{start:g}",
            name=band.short or band.text,
            text=band.text,
            is_own=band.text == own,
            mark=round(100 * (place - start) / (end - start), 1) if start <= place < end else None,
        )
        for start, end, band in joined
    )
    last = output.edges[-1] - (1 if is_score else 0)
    texts = "; ".join(band.text for _, _, band in joined)
    label = f"{output.label} {printed}. Category: {own}. All categories: {texts}."
    return BandBar(segments, f"{last:g}", label)
