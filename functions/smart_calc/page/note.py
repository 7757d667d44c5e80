"""A result as plain text for a note, in full or as one short paragraph. Pure.

In full: whose it is, what it means, every value with its date, every caution. In short, for a note
that has its patient and its date: results, the values that count, and the cautions, which no note
leaves out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clinical import units_in_words
from clinical.calculators.model import NO_BANDS
from shared.release import VERSION

from . import outcome
from .banner import Banner
from .view_models import ResultView

# What only the page knows when a value is changed on it; the page puts it in.
DAY, PATIENT, VALUES, CAUTIONS = "{day}", "{patient}", "{values}", "{cautions}"


@dataclass(frozen=True, slots=True)
class NoteParts:
    """What a note says beside the results: the day, the patient, values and cautions."""

    day: str
    patient: str
    values: Sequence[str]
    brief_values: Sequence[str]
    cautions: Sequence[str]


# For the page, which fills them in.
OPEN = NoteParts(DAY, PATIENT, (VALUES,), (VALUES,), (CAUTIONS,))


def full(title: str, made: Sequence[ResultView], parts: NoteParts) -> str:
    """The note on the results of a calculator, a line for each kind of thing.

    Empty where there is no result.
    """
    found = outcome.computed(made)
    if not found:
        return ""
    shared = _shared(found)
    lines = (
        f"{title}, {parts.day}",
        _line("Patient: ", parts.patient),
        *(_result(one, "" if shared else one.band) for one in found),
        _capital(_sentence(shared)) if shared else "",
        _line("Values: ", ", ".join(filter(None, parts.values))),
        _line("Cautions: ", " ".join(map(_sentence, parts.cautions))),
        f"smart-calc {VERSION}",
    )
    return units_in_words.plain("\n".join(filter(None, lines)))


def short(made: Sequence[ResultView], parts: NoteParts) -> str:
    """The same as one paragraph, without title, patient, and what is not found.

    The meaning is told of the first result alone, from which the others follow.
    """
    found = outcome.computed(made)
    if not found:
        return ""
    told = "; ".join(_result(one, "" if place else one.band) for place, one in enumerate(found))
    paragraph = (
        f"{told}, {parts.day}.",
        _line("", "; ".join(filter(None, parts.brief_values)), "."),
        _line("Caution: ", " ".join(map(_sentence, parts.cautions))),
    )
    return units_in_words.plain(" ".join(filter(None, paragraph)))


def of_patient(banner: Banner | None) -> str:
    """How a note names the patient: enough to tell one from another."""
    if banner is None:
        return ""
    number = f"record number {banner.mrn}" if banner.mrn else ""
    return ", ".join(filter(None, (banner.name, f"born {banner.birth_date}", number)))


def _shared(found: Sequence[ResultView]) -> str:
    """What is said of all of several results alike: once is enough."""
    said = {one.band for one in found}
    return said.pop() if len(found) > 1 and len(said) == 1 else ""


def _result(result: ResultView, band: str) -> str:
    told = band and band != NO_BANDS
    return f"{outcome.given(result)}{f' ({band})' if told else ''}"


def _line(head: str, text: str, end: str = "") -> str:
    """A line of the note; nothing where there is nothing to say."""
    return f"{head}{text}{end}" if text else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "}")) else f"{text}."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
