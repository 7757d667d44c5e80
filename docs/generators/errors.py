"""Generates the table of codes in docs/errors.md from the classes in shared/errors/."""

import inspect
from collections.abc import Iterator

from docs.generators import blocks
from shared.errors import ADMINISTRATOR, CodedError

NAME = "codes"
_RELAUNCH = "Close this page and launch the app again from the patient's chart."
_RELAUNCH_MEANS = f'"Relaunch" means: {_RELAUNCH}\n\n'
# Longer steps aren't repeated.
_LONG = 100


def into(text: str) -> str:
    """Return the document with a new table."""
    head = "| code | status | a clinician reads | when | what to do |\n|---|---|---|---|---|\n"
    return blocks.put(text, NAME, _RELAUNCH_MEANS + head + "".join(_rows()))


def leaves(parent: type[CodedError] = CodedError) -> Iterator[type[CodedError]]:
    """Yield the errors that have a code, in the order of their modules."""
    for child in parent.__subclasses__():
        yield from [child] if "code" in vars(child) else leaves(child)


def _rows() -> Iterator[str]:
    """Yield the rows. Steps that an earlier row has are a reference to it."""
    first: dict[str, str] = {}
    for leaf in leaves():
        when = " ".join(inspect.cleandoc(leaf.__doc__ or "").partition("\n\n")[0].split())
        reads = leaf.plainly.title or leaf.title
        steps = " ".join(step for step in leaf.steps if step != ADMINISTRATOR)
        same = first.setdefault(steps, leaf.code)
        if same != leaf.code and len(steps) > _LONG:
            steps = f"The same as for `{same}`."
        steps = steps.replace(_RELAUNCH, "Relaunch.")
        yield f"| `{leaf.code}` | {leaf.status} | {reads} | {when} | {steps} |\n"
