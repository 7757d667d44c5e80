"""Generates docs/calculators.md from the calculators' modules, so that it matches them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from clinical import basis
from clinical.calculators.inputs import CHOICES, FLAGS, INPUTS, OTHER_NUMBERS, Input, label
from clinical.calculators.model import Calculator, Citation, Limit, Output
from clinical.calculators.registry import REGISTRY
from docs.generators.calculators_page import PAGE, USE

INTRODUCTION = """\
# Calculators

This page is for clinicians and reviewers. It lists each calculator's formula, sources, inputs and
limits, and describes how the app fills it in from a chart. `make docs` generates the page from
`clinical/calculators/`, which has one module per calculator. Don't edit it.

- Results are calculated from unrounded values and rounded only for display, half away from zero. If
  rounding would move a result into another category, the page shows more digits.
- A calculator refuses a value outside the hard range of an input as a probable unit error. It
  refuses a value outside the range that the formula was derived for, with the reason. It clamps no
  value, unless the published formula itself does so (MELD).
- Age is in completed years. A missing input is never assumed to be normal, absent or no.
- Units come from a closed table per input, and no unit is guessed. Only INR may have no unit.
- A calculator marked *legacy* or *time-critical* calculates on the page only when you request it.
- "Vectors" is the number of published or independently calculated cases that the tests check.
- {verified}
"""

ATTRIBUTION = """\
This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief
Institute, Inc. and the LOINC Committee and is available at no cost under the license at
http://loinc.org/license.
"""


def markdown(vectors: Mapping[str, int]) -> str:
    """Return the page; `vectors` maps calculator names to their numbers of test vectors."""
    parts = [INTRODUCTION.format(verified=basis.VERIFIED), _overview(vectors), PAGE]
    parts += [_section(calculator, vectors[name]) for name, calculator in REGISTRY.items()]
    parts += [_inputs(), USE, ATTRIBUTION]
    return "\n".join(parts)


def _rows(rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    rule = "|" + " --- |" * (lines[0].replace("\\|", "").count("|") - 1)
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def _overview(vectors: Mapping[str, int]) -> str:
    header = ("calculator", "name", "year", "outputs", "mark", "vectors")
    return _rows(
        [
            header,
            *(
                (
                    calculator.title,
                    f"`{name}`",
                    str(calculator.year),
                    str(len(calculator.outputs)),
                    calculator.mark or "",
                    str(vectors[name]),
                )
                for name, calculator in REGISTRY.items()
            ),
        ]
    )


def _section(calculator: Calculator, vectors: int) -> str:
    parts = [
        f"## {calculator.title}\n",
        f"`{calculator.name}`, {calculator.year}. {calculator.purpose}\n",
        f"Population: {calculator.population}\n",
        *(_output(output) for output in calculator.outputs),
    ]
    if calculator.table:
        parts.append(_rows(calculator.table))
    if calculator.table_note:
        parts.append(f"{calculator.table_note}\n")
    cautions = (*calculator.cautions, *(f"{note.text}." for note in calculator.notes))
    parts.append("Cautions:\n\n" + "\n".join(f"- {caution}" for caution in cautions) + "\n")
    parts.append(f"Validation: {calculator.validation}\n")
    parts.append(f"{basis.code_systems(calculator.name)}\n")
    parts.append(f"In charts:\n\n{_in_chart(calculator)}\n")
    parts.append("Sources:\n\n" + "\n".join(f"- {_cite(c)}" for c in calculator.sources) + "\n")
    parts.append(f"Vectors: {vectors}\n")
    return "\n".join(parts)


def _in_chart(calculator: Calculator) -> str:
    """Return the calculator's declarations about charts, one per line."""
    declared = calculator.in_chart
    lines = [f"Search words: {calculator.words}"]
    lines += [f"{label(name)}: {text}" for name, text in calculator.definitions.items()]
    if declared.draw:
        draw = declared.draw
        named = ", ".join(draw.inputs)
        optional = f", with {', '.join(draw.optional)} if they fit" if draw.optional else ""
        age = f", at most {_span(draw.max_age)} old" if draw.max_age else ""
        lines.append(
            f"From the same collection, within {_span(draw.within)}: {named}{optional}{age}, with "
            f"a warning beyond {_span(draw.warn_beyond)}"
        )
    if declared.relevant_with:
        lines.append(f"Listed first with: {', '.join(declared.relevant_with)}")
    if declared.only_with:
        lines.append(f"Only with: {' or '.join(declared.only_with.findings)}")
    lines += [f"Caution with {one.finding}: {one.text}" for one in declared.cautions]
    if declared.steady:
        lines.append(f"Warns if unsteady: {', '.join(declared.steady)}")
    lines += [
        f"{label(name)}: below {floor:g} counts as {floor:g}, even if charted only as `<`"
        for name, floor in declared.floors.items()
    ]
    lines += [
        f"{label(name)}: applies only with {finding}"
        for name, finding in declared.applies_with.items()
    ]
    if declared.reported:
        lines.append(f"Shown next to the result: {declared.reported.input}")
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _span(time: timedelta) -> str:
    hours = round(time / timedelta(hours=1))
    return f"{hours // 24} days" if hours >= 48 else "1 hour" if hours == 1 else f"{hours} hours"


def _output(output: Output) -> str:
    lines = [
        f"### {output.label}, `{output.name}`\n",
        f"- Formula: {output.equation}",
        f"- Unit: {output.unit}",
        f"- Inputs: {', '.join(output.needs)}",
    ]
    if output.optional:
        lines.append(f"- Optional: {', '.join(output.optional)}")
    if output.checked_if_given:
        lines.append(f"- Checked if given: {', '.join(output.checked_if_given)}")
    refusals = [f"{_range(limit)} ({limit.reason})" for limit in output.limits]
    refusals += [exclusion.text for exclusion in output.exclusions]
    lines += [f"- Limit: {refusal}" for refusal in refusals]
    lines += [f"- Band: {band.text}" for band in output.bands]
    return "\n".join(lines) + "\n"


def _range(limit: Limit) -> str:
    low = "" if limit.low is None else f"{limit.low:g} <= "
    high = "" if limit.high is None else f" <= {limit.high:g}"
    return f"{low}{limit.input}{high}"


def _cite(citation: Citation) -> str:
    text: str = citation.text
    if citation.doi is None:
        return text
    return f"{text}, [doi:{citation.doi}](https://doi.org/{citation.doi})"


def _inputs() -> str:
    header = ("input", "label", "unit", "accepted units", "hard range", "fresh / max days", "LOINC")
    numbers = [_number(known) for known in (*INPUTS.values(), *OTHER_NUMBERS.values())]
    answers = [
        *((f"`{name}`", text, "yes or no") for name, text in FLAGS.items()),
        *(
            (f"`{name}`", choice.label, " or ".join(str(answer) for answer in choice.answers))
            for name, choice in CHOICES.items()
        ),
    ]
    return "\n".join(
        [
            "## Inputs\n",
            "Units are compared after trimming, in lowercase, with micro written as u.\n",
            _rows([header, *numbers]),
            _rows([("input", "label", "answers"), *answers]),
        ]
    )


def _number(known: Input) -> tuple[str, ...]:
    return (
        f"`{known.name}`",
        known.label,
        known.unit,
        ", ".join(f"`{unit}`" if unit else "none" for unit in known.units),
        f"{known.low:g} to {known.high:g}",
        f"{known.fresh_days} / {known.max_days}" if known.loinc else "",
        " ".join(known.loinc),
    )


def count_vectors(path: Path) -> Counter[str]:
    """Return the number of rows for each calculator in a file of test vectors."""
    return Counter(row["calculator"] for row in json.loads(path.read_text("utf-8"))["rows"])
