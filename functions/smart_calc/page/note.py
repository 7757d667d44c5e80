"""A result as plain text for a note, understandable without the page. Pure.

It names the patient and the result. Separate lines then list the values from the chart, the values
that were entered, and what is assumed absent, open or could not be read. The cautions and the time
of reading come last.
"""

from collections.abc import Iterable, Mapping, Sequence

from clinical import units_in_words
from shared.release import version

from . import result_views
from .banner import Banner
from .view_models import InputView, ResultView, Standing

# The beginning of each line after the results.
_LINES: Mapping[str, str] = {
    "found": "From the chart: ",
    "entered": "Entered, not from the chart: ",
    "assumed": "Assumed absent, not found in chart: ",
    "open": "Missing inputs: ",
    "failed": "Not read: ",
    "unread": "Not all of the chart was read: ",
    "cautions": "Cautions: ",
    "read_at": "Chart read ",
}
# Placeholders for the page's script, which has the values after an edit and fills in each line or
# leaves it out.
OPEN: Mapping[str, str] = {name: f"{{{name}}}" for name in ("patient", *_LINES)}


def parts(
    patient: str,
    inputs: Iterable[InputView],
    cautions: Iterable[str],
    unread: Iterable[str],
    read_at: str,
) -> Mapping[str, str]:
    """Return the text of each line after the results.

    `unread` lists what could not be read, with the reason. `read_at` is the time of reading.
    """
    named: dict[Standing, list[str]] = {}
    for one in inputs:
        named.setdefault(one.standing, []).append(one.note)
    return {
        "patient": patient,
        **{standing: "; ".join(notes) for standing, notes in named.items()},
        "unread": "; ".join(unread),
        "cautions": " ".join(map(_sentence, cautions)),
        "read_at": read_at,
    }


def of_results(title: str, views: Sequence[ResultView], texts: Mapping[str, str]) -> str:
    """Return the note on the results of a calculator, or "" if it has no result and no range."""
    results = [one for one in views if one.printed]
    if not results:
        return ""
    shared = _shared(results)
    lines = (
        title,
        _line("Patient: ", texts.get("patient", "")),
        *(_result(one, "" if shared else one.band) for one in results),
        _capital(_sentence(shared)) if shared else "",
        *(_line(head, texts.get(name, "")) for name, head in _LINES.items()),
        f"smart-calc {version()}",
    )
    return units_in_words.plain("\n".join(filter(None, lines)))


def of_patient(banner: Banner | None) -> str:
    """Return a note's identification of the patient."""
    if banner is None:
        return ""
    number = f"record number {banner.mrn}" if banner.mrn else ""
    return ", ".join(filter(None, (banner.name, f"born {banner.birth_date}", number)))


def _shared(results: Sequence[ResultView]) -> str:
    """Return the text that several results have in common, to print it once."""
    bands = {one.band for one in results}
    return bands.pop() if len(results) > 1 and len(bands) == 1 else ""


def _result(result: ResultView, band: str) -> str:
    """Return a number with its meaning, or a score's range with how many answers are missing."""
    remark = "; ".join(filter(None, (band, result.rate, result.refused.partition(":")[0])))
    return f"{result_views.as_text(result)}{f' ({remark})' if remark else ''}"


def _line(head: str, text: str) -> str:
    """Return a line of the note, or "" without text."""
    return f"{head}{text}" if text else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "}")) else f"{text}."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
