"""Read the lines of the catalogue's compact texts (shared/explain/catalogue/table.py)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.findings import ByFlow


class Elsewhere(str):
    """A step for software other than this app. It's left out if this app sent the request."""

    __slots__ = ()


def blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines of each block, each with its indentation. A block starts in column one."""
    block: list[tuple[int, str]] = []
    for line in _joined(text):
        if line[0] == 0 and block:
            yield block
            block = []
        block.append(line)
    yield block


def pairs(text: str) -> Any:
    """Return the first word and the rest of each line."""
    return tuple(tuple(line.split(" ", 1)) for ((_, line),) in blocks(text))


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield the indentation and the text of each line, together with those that continue it."""
    indent, before = -1, ""
    for line in text.strip("\n").split("\n"):
        words = line.lstrip(" ")
        deep = len(line) - len(words)
        marked = before[1:2] == " " or before.startswith("$")
        if before.endswith("\\"):
            before = before[:-1] + words
        elif deep > indent >= 0 and marked:
            before = f"{before} {words}"
        else:
            if before:
                yield indent, before
            indent, before = deep, words
    yield indent, before


def flows(text: str, names: Mapping[str, Any]) -> str:
    """Return a text, with those of other flows, or the named text."""
    if text.startswith("$"):
        named: str = names[text[1:]]
        return named
    if text.startswith("~ "):
        return Elsewhere(text[2:])
    own, *others = re.split(r" \|(?=standalone |backend )", text)
    if not others:
        return own
    texts = {flow: rest for flow, _, rest in (one.partition(" ") for one in others)}
    return ByFlow(
        own, **{flow: None if one == "-" else flows(one, names) for flow, one in texts.items()}
    )
