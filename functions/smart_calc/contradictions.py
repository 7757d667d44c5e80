"""Contradicting values of the same time, found by lookup, not by comparing all pairs. Pure.

One time may have thousands of values, and two values that agree with a third don't have to agree
with each other. So this module compares a value with the smallest and largest so far, which only
move apart as values are added.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from clinical.chart.choice import agree
from clinical.chart.evidence import Candidate, Flag, Value
from clinical.chart.observations import Entry

Amount = tuple[str, str]
_Key = TypeVar("_Key")
# For each position in an entry: the value if it isn't a number, or None if it is.
_Kind = tuple[tuple[Value, Flag | None] | None, ...]


@dataclass(slots=True, eq=False, repr=False)
class _Alike:
    """Entries that differ only in numbers: their positions, and the extremes up to each."""

    places: list[int] = field(default_factory=list)
    low: list[tuple[Candidate, ...]] = field(default_factory=list)
    high: list[tuple[Candidate, ...]] = field(default_factory=list)

    def add(self, place: int, candidates: tuple[Candidate, ...]) -> None:
        low, high = (self.low[-1], self.high[-1]) if self.places else (candidates, candidates)
        self.low.append(tuple(map(partial(min, key=_number), low, candidates)))
        self.high.append(tuple(map(partial(max, key=_number), high, candidates)))
        self.places.append(place)

    def first_unlike(self, candidates: tuple[Candidate, ...]) -> Iterator[int]:
        """Yield the position where the candidates first differ from one of the extremes."""

        def differences(at: int) -> int:
            ends = zip(candidates, self.low[at], self.high[at], strict=True)
            return sum(not (agree(one, low) and agree(one, high)) for one, low, high in ends)

        at = bisect_left(range(len(self.places)), 1, key=differences)
        yield from self.places[at : at + 1]


@dataclass(slots=True, eq=False, repr=False)
class _OfOneLength:
    """Entries with the same number of values: the first position of up to two amounts and kinds."""

    amounts: dict[Amount, int] = field(default_factory=dict)
    kinds: dict[_Kind, int] = field(default_factory=dict)
    # Grouped by printed digits too: then a value that agrees with both extremes agrees with all.
    alike: dict[_Kind, dict[tuple[float, ...], _Alike]] = field(default_factory=dict)


class Contradictions:
    """The entries of one time that count, in order; `amount` returns an entry's charted value."""

    def __init__(self, entries: Iterable[Entry], amount: Callable[[Entry], Amount]) -> None:
        self._entries = list(entries)
        self._amount = amount
        self._by_length: dict[int, _OfOneLength] = {}
        for place, entry in enumerate(self._entries):
            group = self._by_length.setdefault(len(entry.candidates), _OfOneLength())
            _keep_two(group.amounts, amount(entry), place)
            kind, candidates = _kind(entry), _candidates(entry)
            _keep_two(group.kinds, kind, place)
            digits = tuple(one.evidence.half_digit for one in candidates)
            group.alike.setdefault(kind, {}).setdefault(digits, _Alike()).add(place, candidates)

    def of(self, entry: Entry) -> Entry | None:
        """Return the first entry that differs by more than rounding, or None."""
        first = min(self._unlike(entry), default=None)
        return None if first is None else self._entries[first]

    def _unlike(self, entry: Entry) -> Iterator[int]:
        for length, group in self._by_length.items():
            if length and length == len(entry.candidates):
                kind = _kind(entry)
                yield from (place for other, place in group.kinds.items() if other != kind)
                for alike in group.alike.get(kind, {}).values():
                    yield from alike.first_unlike(_candidates(entry))
            else:
                own = self._amount(entry)
                yield from (place for other, place in group.amounts.items() if other != own)


def _keep_two(places: dict[_Key, int], key: _Key, place: int) -> None:
    """Keep the first position of up to two keys: at least one of them differs from any key."""
    if len(places) < 2:
        places.setdefault(key, place)


def _candidates(entry: Entry) -> tuple[Candidate, ...]:
    return tuple(candidate for _, candidate in entry.candidates)


def _kind(entry: Entry) -> _Kind:
    return tuple(
        None if isinstance(one.evidence.value, float) else (one.evidence.value, one.flag)
        for one in _candidates(entry)
    )


def _number(candidate: Candidate) -> float:
    value = candidate.evidence.value
    return value if isinstance(value, float) else 0.0
