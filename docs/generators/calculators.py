"""Generates docs/calculators.md from the calculators' modules, so that it matches them."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from clinical import basis
from clinical.calculators.inputs import CHOICES, FLAGS, INPUTS, OTHER_NUMBERS, Input, label
from clinical.calculators.model import ADULTS, Action, Band, Calculator, Citation, Output
from clinical.calculators.registry import REGISTRY
from clinical.card_conditions import name_of
from docs.generators.calculators_page import PAGE, USE

INTRODUCTION = """\
# Calculators

This page is for clinicians and reviewers. It lists each calculator's formula, sources, inputs and limits, and describes
how the app fills it in from a chart. `make docs` generates the page from `clinical/calculators/`. Don't edit it.

- Results are calculated from unrounded values and rounded only for display, half away from zero. If rounding would move
  a result into another category, the page shows more digits.
- A calculator refuses a value outside the hard range of its input, because that's probably a unit error, and a value
  outside the formula's own limits. It clamps a value only if the published formula does so (MELD).
- Age is in completed years. A calculator never assumes that a missing input is normal, absent or no. The page assumes
  that an item is absent only after it has searched the chart
  ([Diagnoses and drugs](#diagnoses-and-drugs-found-suggested-open-or-not-found)).
- Each input has a fixed table of accepted units, and the app never guesses a unit. Only INR can have no unit.
- A calculator refuses a known age below 18. These have other limits, or none:
  {not_for_adults_only}.
- "Checked if given" lists inputs that aren't in the formula, but in a limit, a category or a caution.
- "Vectors" is the number of published or independently calculated cases that the tests check. If a section has no
  "Validation", we haven't read an open-access study that validates the formula.
- {verified}

The column "reads" shows what a calculator reads in a chart. Entries in other code systems may be missed.

- "observations" are read by LOINC code, and the smoking status also by SNOMED CT code.
- "diagnoses" are read by ICD-10, ICD-9-CM and SNOMED CT code, and "drugs" by RxNorm and ATC code.
"""  # noqa: E501 - lines are as long as in the pages

# The end of the first sentence in most cautions about a chart, which their heading makes redundant.
_IN_CHART = re.compile(r",? is (?:documented )?(?:in the chart|on the problem list)$")
NO_STUDY = "No study is cited, because we have not read one that is open access."

_SEVERAL = {"Limit": "Limits", "Category": "Categories"}
# The kind of a fact about an output, and its text.
Fact = tuple[str, str]

ATTRIBUTION = """\
This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief
Institute, Inc. and the LOINC Committee and is available at no cost under the license at
http://loinc.org/license.
"""


def markdown(vectors: Mapping[str, int]) -> str:
    """Return the page; `vectors` maps calculator names to their numbers of test vectors."""
    introduction = INTRODUCTION.format(
        verified=basis.VERIFIED, not_for_adults_only=_not_for_adults_only()
    )
    parts = [introduction, _overview(vectors), PAGE]
    parts += [_section(calculator) for calculator in REGISTRY.values()]
    parts += [_inputs(), USE, ATTRIBUTION]
    return "\n".join(parts)


def _not_for_adults_only() -> str:
    """Return the names of the calculators without the usual limit of age."""
    return ", ".join(
        f"`{name}`"
        for name, one in REGISTRY.items()
        if ADULTS.reason not in _refusals(one.outputs[0])
    )


def _rows(rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    rule = "|" + " --- |" * (lines[0].replace("\\|", "").count("|") - 1)
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def _overview(vectors: Mapping[str, int]) -> str:
    header = ("calculator", "name", "year", "mark", "vectors", "reads")
    return _rows(
        [
            header,
            *(
                (
                    calculator.title,
                    f"`{name}`",
                    str(calculator.year or ""),
                    calculator.mark or "",
                    str(vectors[name]),
                    ", ".join(re.findall(r"\((\w+)\)", basis.systems_read(name))),
                )
                for name, calculator in REGISTRY.items()
            ),
        ]
    )


def _section(calculator: Calculator) -> str:
    outputs = calculator.outputs
    facts = [_facts(output) for output in outputs]
    common = [one for one in facts[0] if all(one in others for others in facts)]
    inputs = [one for one in outputs[0].needs if all(one in other.needs for other in outputs)]
    if len(outputs) == 1:
        common, inputs = [], []
    parts = [
        f"## {calculator.title}\n",
        f"`{calculator.name}`: {calculator.purpose}\n",
        f"Population: {calculator.population}\n",
    ]
    if common:
        every = [f"- Inputs: {', '.join(inputs)}", *_listed(common)]
        parts += ["For every result:\n", "\n".join(every) + "\n"]
    parts += [_output(output, inputs, common) for output in outputs]
    if calculator.table:
        parts.append(_rows(calculator.table))
    if calculator.table_note:
        parts.append(f"{calculator.table_note}\n")
    cautions = (*calculator.cautions, *(f"{note.text}." for note in calculator.notes))
    parts.append("Cautions:\n\n" + "\n".join(f"- {caution}" for caution in cautions) + "\n")
    if calculator.validation != NO_STUDY:
        parts.append(f"Validation: {calculator.validation}\n")
    if in_chart := _in_chart(calculator):
        parts.append(f"In charts:\n\n{in_chart}")
    parts.append("Sources:\n\n" + "\n".join(f"- {_cite(c)}" for c in calculator.sources) + "\n")
    return "\n".join(parts)


def _in_chart(calculator: Calculator) -> str:
    """Return the calculator's declarations about charts, one per line."""
    declared = calculator.in_chart
    lines = [f"{label(name)}: {text}" for name, text in calculator.definitions.items()]
    if declared.draw:
        draw = declared.draw
        optional = f" and, if collected then, {', '.join(draw.optional)}" if draw.optional else ""
        age = f", and at most {_span(draw.max_age)} old" if draw.max_age else ""
        warns = f" (warning above {_span(draw.warn_beyond)})"
        lines.append(
            f"From one collection: {', '.join(draw.inputs)}{optional}, at most "
            f"{_span(draw.within)} apart{warns if draw.warn_beyond < draw.within else ''}{age}"
        )
        lines += [f"Within {_span(most)} of them: {name}" for name, most in draw.near.items()]
    by_age: dict[timedelta, list[str]] = {}
    for name, most in declared.max_age.items():
        by_age.setdefault(most, []).append(name)
    lines += [
        f"Filled in only if at most {_span(most)} old: {', '.join(names)}"
        for most, names in by_age.items()
    ]
    if declared.relevant_with:
        lines.append(f"More relevant with: {_named(declared.relevant_with)}")
    if declared.only_with:
        lines.append(f"Applies only with: {_named(declared.only_with.findings, ' or ')}")
    if declared.steady:
        lines.append(f"Warns if this isn't stable: {', '.join(declared.steady)}")
    lines += [
        f"{label(name)} applies only with: {_named([finding])}"
        for name, finding in declared.applies_with.items()
    ]
    if declared.reported:
        lines.append(f"Shown next to the result: {declared.reported.input}")
    lines += _chart_cautions(calculator)
    return "".join(f"- {line}\n" for line in lines)


def _chart_cautions(calculator: Calculator) -> Iterator[str]:
    """Yield the cautions about the chart, each text only under the first calculator that has it."""
    first: dict[str, Calculator] = {}
    for one in REGISTRY.values():
        for caution in one.in_chart.cautions:
            first.setdefault(caution.text, one)
    own: list[str] = []
    shared: dict[str, list[str]] = {}
    for caution in calculator.in_chart.cautions:
        entry, text = _caution(caution.text)
        if first[caution.text] is calculator:
            own.append(f"\n  - {entry}{': ' if text else ''}{text}")
        else:
            shared.setdefault(first[caution.text].title, []).append(entry)
    if own:
        yield f"Cautions about the chart:{''.join(own)}"
    for title, entries in shared.items():
        yield f"Cautions as in {title}: {', '.join(entries)}"


def _caution(text: str) -> tuple[str, str]:
    """Return the entry in the chart that a caution starts with, and the rest of the caution."""
    entry, _, rest = text.rstrip(".").partition(". ")
    return _IN_CHART.sub("", entry), rest and f"{rest}."


def _named(names: Iterable[str], separator: str = ", ") -> str:
    """Return the names of findings for the middle of a sentence."""
    words = (name_of(one) for one in names)
    return separator.join(one if one[1:2].isupper() else one[:1].lower() + one[1:] for one in words)


def _span(time: timedelta) -> str:
    hours = round(time / timedelta(hours=1))
    return f"{hours // 24} days" if hours >= 48 else "1 hour" if hours == 1 else f"{hours} hours"


def _output(output: Output, inputs: Sequence[str], common: Sequence[Fact]) -> str:
    """Return an output's section, without the inputs and facts that all of the outputs share."""
    own = ", ".join(name for name in output.needs if name not in inputs)
    lines = [f"### {output.label}, `{output.name}`\n", f"- Formula: {output.equation}"]
    if own:
        lines.append(f"- {'Additional inputs' if inputs else 'Inputs'}: {own}")
    facts = [one for one in _facts(output) if one not in common]
    return "\n".join([*lines, *_listed(facts)]) + "\n"


def _facts(output: Output) -> list[Fact]:
    """Return an output's unit, other inputs, limits and bands."""
    checked = ", ".join(one for one in output.checked_if_given if one != "age")
    return [
        ("Unit", output.unit),
        *([("Optional", ", ".join(output.optional))] if output.optional else []),
        *([("Checked if given", checked)] if checked else []),
        *(("Limit", one) for one in _refusals(output) if one != ADULTS.reason),
        *(("Category", f"{band.text}{_marked(band)}") for band in output.bands),
    ]


def _listed(facts: Sequence[Fact]) -> Iterator[str]:
    """Yield the facts. Several of a kind are a list below their title."""
    for kind, group in groupby(facts, lambda one: one[0]):
        texts = [text for _, text in group]
        if len(texts) == 1:
            yield f"- {kind}: {texts[0]}"
        else:
            yield f"- {_SEVERAL[kind]}:" + "".join(f"\n  - {text}" for text in texts)


def _refusals(output: Output) -> list[str]:
    return [*(one.reason for one in output.limits), *(one.text for one in output.exclusions)]


def _marked(band: Band) -> str:
    """Return what the document of a band that marks a result asks for."""
    return f". Marked as {_how(band.action)}: {band.action.text}" if band.action else ""


def _how(action: Action) -> str:
    return "urgent" if action.urgent else "action"


def _cite(citation: Citation) -> str:
    text: str = citation.text
    if citation.doi is None:
        return text
    return f"{text}, [doi:{citation.doi}](https://doi.org/{citation.doi})"


def _inputs() -> str:
    header = ("input", "label", "unit", "accepted units", "hard range", "fresh / max days", "LOINC")
    first: dict[tuple[str, ...], str] = {}
    numbers = []
    for known in (*INPUTS.values(), *OTHER_NUMBERS.values()):
        same = first.setdefault(tuple(known.units), known.name)
        if same == known.name:
            units = _units(known, [one for one in INPUTS.values() if one.name in first.values()])
        else:
            units = f"as for `{same}`"
        numbers.append(_number(known, units))
    flags = (
        f"- `{name}`" + (f": {text}" if text.lower().replace(" ", "_") != name else "")
        for name, text in FLAGS.items()
    )
    choices = (
        (f"`{name}`", choice.label, " or ".join(str(answer) for answer in choice.answers))
        for name, choice in CHOICES.items()
    )
    return "\n".join(
        [
            "## Inputs\n",
            "Units are compared after trimming and lowercasing, and with micro written as u.\n",
            _rows([header, *numbers]),
            "These inputs are yes or no:\n",
            "\n".join(flags) + "\n",
            _rows([("input", "label", "answers"), *choices]),
        ]
    )


def _units(known: Input, listed: Sequence[Input]) -> str:
    """Return the accepted units. If a listed input has most of them, refer to it."""
    parts = [one for one in listed if one is not known and {*one.units} < {*known.units}]
    base = max(parts, key=lambda one: len(one.units), default=None)
    own = [one for one in known.units if base is None or one not in base.units]
    text = ", ".join(f"`{unit}`" if unit else "none" for unit in own)
    return text if base is None else f"as for `{base.name}`, {text}"


def _number(known: Input, units: str) -> tuple[str, ...]:
    return (
        f"`{known.name}`",
        known.label,
        known.unit,
        units,
        f"{known.low:g} to {known.high:g}",
        f"{known.fresh_days} / {known.max_days}" if known.loinc else "",
        " ".join(known.loinc),
    )


def count_vectors(path: Path) -> Counter[str]:
    """Return the number of rows for each calculator in a file of test vectors."""
    return Counter(row["calculator"] for row in json.loads(path.read_text("utf-8"))["rows"])
