"""A result as plain text for a note: whose it is, what it means, what it was made of. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date

from clinical import units_in_words
from shared.release import VERSION

from . import outcome as results
from .banner import Banner
from .view_models import ResultView

# What only the page knows when a value is changed on it; the page puts it in.
PATIENT, VALUES, CAUTIONS = "{patient}", "{values}", "{cautions}"


def note(
    title: str,
    on: date,
    made: Sequence[ResultView],
    patient: str,
    values: Iterable[str],
    cautions: Iterable[str],
) -> str:
    """The note on the results of a calculator, a line for each kind of thing.

    Empty where there is no result.
    """
    found = results.computed(made)
    if not found:
        return ""
    lines = (
        f"{title}, {on.isoformat()}",
        _line("Patient: ", patient),
        *(f"{results.given(one)}{f' ({one.band})' if one.band else ''}" for one in found),
        _line("Values: ", ", ".join(filter(None, values))),
        _line("Cautions: ", " ".join(map(_sentence, cautions))),
        f"smart-calc {VERSION}",
    )
    return units_in_words.plain("\n".join(filter(None, lines)))


def of_patient(banner: Banner | None) -> str:
    """How a note names the patient: enough to tell one from another."""
    if banner is None:
        return ""
    number = f"record number {banner.mrn}" if banner.mrn else ""
    return ", ".join(filter(None, (banner.name, f"born {banner.birth_date}", number)))


def _line(head: str, text: str) -> str:
    """A line of the note; nothing where there is nothing to say."""
    return f"{head}{text}" if text else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "}")) else f"{text}."
