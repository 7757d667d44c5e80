"""Generates the table of codes in docs/errors.md from the classes in shared/errors/."""

import inspect
from collections.abc import Iterator

from docs.generators import blocks
from shared.errors import ADMINISTRATOR, CodedError

NAME = "codes"


def into(text: str) -> str:
    """Return the document with a new table."""
    head = "| code | status | a clinician reads | when | what to do |\n|---|---|---|---|---|\n"
    return blocks.put(text, NAME, head + "".join(map(_row, leaves())))


def leaves(parent: type[CodedError] = CodedError) -> Iterator[type[CodedError]]:
    """Yield the errors that have a code, in the order of their modules."""
    for child in parent.__subclasses__():
        yield from [child] if "code" in vars(child) else leaves(child)


def _row(leaf: type[CodedError]) -> str:
    when = " ".join(inspect.cleandoc(leaf.__doc__ or "").partition("\n\n")[0].split())
    reads = leaf.plainly.title or leaf.title
    steps = " ".join(step for step in leaf.steps if step != ADMINISTRATOR)
    return f"| `{leaf.code}` | {leaf.status} | {reads} | {when} | {steps} |\n"
