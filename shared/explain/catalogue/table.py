"""Read the catalogue's entries from a compact text: one line for each fact.

An entry starts in the first column with its key. Its own lines are indented by two characters, and
those of its causes by four. A deeper line continues the one before it. A backslash at the end of a
line joins it with the next one without a space.

    $NAME text       a text with a name, for use as `$NAME` in the following lines
    * PLACE SOURCE   the place and the source of the entries that follow
    key PLACE alone lacks=NAME,… code=NAME,… status=NUMBER,…
      " the text that people search for, by default the first code or URN
      u a URN   ~ a pattern   : a rule of `shared.explain.parsing.concepts.fits`
      = the meaning   @ the source   % as the entry before: meaning, causes and source
      cause certainty [refresh]   with `refresh`, only a refresh can have it
        t title   c title for a clinician   ? reason   > step   @ source

A cause's lines are only those that differ from its kind (shared/explain/catalogue/causes.py). `*0`
is the kind's first step. In a source, `{NAME}` is one of shared/explain/catalogue/sources.py. In a
text, `|standalone` and `|backend` start the text for that flow, or `-` for none, and `~ ` at the
start marks a step for software other than this app.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.lines import blocks, flows
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
_URNS = {"A": oracle_console.AUTHORIZATION_SERVER, "R": oracle_console.RESOURCE_ACCESS}
_LISTS = {"u": "urns", "~": "patterns", ":": "about"}


def entries(text: str) -> tuple[Entry, ...]:
    """Return the entries of a text."""
    return tuple(_entries(text))


def _entries(text: str) -> Iterator[Entry]:
    names: dict[str, Any] = {**vars(oracle_console), **vars(causes)}
    place, source, made = "", "", None
    for block in blocks(text):
        mark, _, rest = block[0][1].partition(" ")
        if mark.startswith("$"):
            names[mark[1:]] = flows(rest, names)
        elif mark == "*":
            place, _, source = rest.partition(" ")
        else:
            made = _entry(mark, rest.split(), block[1:], (place, source, names), made)
            yield made


def _entry(
    key: str,
    flags: list[str],
    lines: list[tuple[int, str]],
    defaults: tuple[str, str, Mapping[str, Any]],
    before: Entry | None,
) -> Entry:
    place, source, names = defaults
    pairs = dict(one.split("=") for one in flags if "=" in one)
    fields: dict[str, Any] = {"urns": (), "patterns": (), "about": (), "meaning": "", "says": ""}
    found: list[tuple[str, list[str]]] = []
    for indent, line in lines:
        mark, _, rest = line.partition(" ")
        if indent > 2:
            found[-1][1].append(line)
        elif mark in _LISTS:
            fields[_LISTS[mark]] += (_urn(rest) if mark == "u" else rest,)
        elif mark == "%" and before is not None:
            fields |= {"meaning": before.meaning, "causes": before.causes}
            source = before.source
        elif mark in {'"', "=", "@"}:
            name = {'"': "says", "=": "meaning", "@": "source"}[mark]
            fields[name] = flows(rest, names) if mark == "=" else rest
        else:
            found.append((line, []))
    codes = tuple(filter(None, pairs.get("code", "").split(",")))
    source = _source(fields.pop("source", source))
    fields.setdefault("causes", tuple(_cause(head, own, source, names) for head, own in found))
    fields["says"] = fields["says"] or next(iter((*fields["urns"], *codes)), "")
    return Entry(
        key=key,
        where=PLACES[next((one for one in flags if one in PLACES), place)],
        oauth_errors=codes,
        alone="alone" in flags,
        statuses=tuple(map(int, filter(None, pairs.get("status", "").split(",")))),
        lacks=tuple(filter(None, pairs.get("lacks", "").split(","))),
        source=source,
        **fields,
    )


def _cause(head: str, lines: list[str], source: str, names: Mapping[str, Any]) -> Cause:
    id_, certainty, *refresh = head.split()
    kind = cast("Mapping[str, Any]", causes.KINDS)[id_]
    told: dict[str, Any] = {"t": None, "c": "", "?": None, "@": ""}
    steps: list[str] = []
    for line in lines:
        mark, _, rest = line.partition(" ")
        if mark == ">":
            steps.append(kind.steps[int(rest[1:])] if rest.startswith("*") else flows(rest, names))
        else:
            told[mark] = _source(rest) if mark == "@" else flows(rest, names)
    made: Cause = kind(
        certainty,
        told["?"],
        *steps,
        source=told["@"] or source,
        title=told["t"],
        plainly=told["c"],
        at_refresh=bool(refresh),
    )
    return made


def _urn(text: str) -> str:
    return _URNS.get(text[0], text[0]) + text[2:] if text[1:2] == ":" else text


def _source(text: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: str(getattr(sources, name[1])), text)
