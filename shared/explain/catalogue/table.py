"""Read the catalogue's entries from a compact text: one line for each fact.

An entry starts in the first column with its key. Its own lines are indented by two characters, and
those of its causes by four. A deeper line continues the one before it. A backslash at the end of a
line joins it with the next one without a space.

    $NAME text       a text with a name, for use as `$NAME` in the following lines
    * PLACE SOURCE   the place and the source of the entries that follow
    key PLACE alone URN lacks=NAME,… code=NAME,… status=NUMBER,… @ source
      " the text that people search for, by default the first URN or code
      ~ a pattern   : a rule of `shared.explain.parsing.concepts.fits`
      = the meaning   % as the entry before: meaning, causes and source
      cause certainty [refresh]: title @ source   with `refresh`, only a refresh can have it
        c title for a clinician   ? reason   > step   > $NAME $NAME two named steps

A cause's lines are only those that differ from its kind (shared/explain/catalogue/causes.py). `*0`
names the kind's first step. A source is the entry's by default. A long one is on its own line.
In it, `{NAME}` is one of shared/explain/catalogue/sources.py. In a URN, `A:` and `R:` stand
for Oracle Health's authorization server and resource servers. In a text, `|standalone` and
`|backend` start the text for that flow, or `-` for none, and `~ ` at the start marks a step for
software other than this app.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from shared.explain.catalogue import causes
from shared.explain.catalogue.lines import blocks, flows
from shared.explain.catalogue.sources import SOURCES
from shared.explain.model import Cause, Entry, Where
from shared.vendors import oracle_console

PLACES: Mapping[str, Where] = {
    "launch": "launch",
    "page": "error page",
    "redirect": "authorize redirect",
    "token": "token endpoint",
    "fhir": "FHIR answer",
    "cds": "CDS call",
}
_URNS = {"A:": oracle_console.AUTHORIZATION_SERVER, "R:": oracle_console.RESOURCE_ACCESS}
_LISTS = {"~": "patterns", ":": "about"}


def entries(text: str) -> tuple[Entry, ...]:
    """Return the entries of a text."""
    names: dict[str, Any] = {**vars(oracle_console), **vars(causes)}
    place, source = "", ""
    made: list[Entry] = []
    for block in blocks(text):
        mark, _, rest = block[0][1].partition(" ")
        if mark.startswith("$"):
            names[mark[1:]] = flows(rest, names)
        elif mark == "*":
            place, _, source = rest.partition(" ")
        else:
            made.append(_entry(block, (place, source, names), made))
    return tuple(made)


def _entry(
    block: list[tuple[int, str]], defaults: tuple[str, str, Mapping[str, Any]], made: list[Entry]
) -> Entry:
    place, source, names = defaults
    head, _, cited = block[0][1].partition(" @ ")
    key, *flags = head.split()
    pairs = dict(one.split("=") for one in flags if "=" in one)
    urns = tuple(_URNS[one[:2]] + one[2:] for one in flags if one[:2] in _URNS)
    fields: dict[str, Any] = {"patterns": (), "about": (), "meaning": "", "says": ""}
    source = cited or source
    found: list[tuple[str, list[str]]] = []
    for indent, line in block[1:]:
        mark, _, rest = line.partition(" ")
        if indent > 2:
            found[-1][1].append(line)
        elif mark in _LISTS:
            fields[_LISTS[mark]] += (rest,)
        elif mark == "%":
            fields |= {"meaning": made[-1].meaning, "causes": made[-1].causes}
            source = made[-1].source
        elif mark == "@":
            source = rest
        elif mark == '"':
            fields["says"] = rest
        elif mark == "=":
            fields["meaning"] = flows(rest, names)
        else:
            found.append((line, []))
    codes = tuple(filter(None, pairs.get("code", "").split(",")))
    source = _source(source)
    fields.setdefault("causes", tuple(_cause(one, own, source, names) for one, own in found))
    fields["says"] = fields["says"] or next(iter((*urns, *codes)), "")
    return Entry(
        key=key,
        where=PLACES[next((one for one in flags if one in PLACES), place)],
        urns=urns,
        oauth_errors=codes,
        alone="alone" in flags,
        statuses=tuple(map(int, filter(None, pairs.get("status", "").split(",")))),
        lacks=tuple(filter(None, pairs.get("lacks", "").split(","))),
        source=source,
        **fields,
    )


def _cause(head: str, lines: list[str], source: str, names: Mapping[str, Any]) -> Cause:
    head, _, cited = head.partition(" @ ")
    head, _, title = head.partition(": ")
    id_, certainty, *refresh = head.split()
    kind = cast("Mapping[str, Any]", causes.KINDS)[id_]
    told: dict[str, Any] = {"c": "", "?": None, "@": cited}
    steps: list[str] = []
    for line in lines:
        mark, _, rest = line.partition(" ")
        if mark == "@":
            told[mark] = rest
        elif mark in told:
            told[mark] = flows(rest, names)
        elif mark != ">":
            raise ValueError(f"{id_}: {line}")
        elif rest[0] in "$*":
            steps += (
                names[one[1:]] if one[0] == "$" else kind.steps[int(one[1:])]
                for one in rest.split()
            )
        else:
            steps.append(flows(rest, names))
    made: Cause = kind(
        certainty,
        told["?"],
        *steps,
        source=_source(told["@"]) or source,
        title=title,
        plainly=told["c"],
        at_refresh=bool(refresh),
    )
    return made


def _source(text: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: SOURCES[name[1]], text)
