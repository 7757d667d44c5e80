"""Mask the secrets in a pasted text, so that it can be shown again.

A secret is masked by its name, in any of the forms and encodings that people paste, and by its own
form: a long run of letters and digits that isn't a client id, a tenant or a correlation id. A
masked word too many costs nothing here, so more is masked than what explain reads.
"""

import re
from collections.abc import Callable

from shared.explain.parsing.parse import parse, stated_ids
from shared.explain.parsing.texts import (
    MASK,
    NAMES,
    bounded,
    levels,
    opened,
    plain,
    without_random,
    without_secrets,
)

_DEEPEST = 12
# In a table, a list, an option or a sentence, the name is followed by almost anything. Then only a
# value with a letter and a digit, or a long one, is masked.
_LOOSE = re.compile(
    rf"(?<![A-Za-z0-9])((?:{NAMES}|session|[a-z0-9_-]{{0,30}}_(?:code|state))"
    r"(?:[\"'`*)\]]{0,3}(?:\s{0,9}(?:=>|->|:=|[|,;=]|:(?=[\s\[\"']))\s{0,9}|\s{1,9}(?:is|was|equals|of)\s{1,9}|\s{1,40})"
    r"[\"'`*(\[|\s]{0,4}))"
    r"(?=[^\s\"'`|,;<>&]{0,99}[0-9])(?=[^\s\"'`|,;<>&]{0,99}[a-z])([^\s\"'`|,;<>&]{6,})",
    re.IGNORECASE,
)


def harmless(text: str) -> str:
    """Return the text, limited and printable, with every secret masked.

    If an encoding hides one, return the decoded text.
    """
    known = _ids(text)
    named = _without_named(plain(bounded(text)))
    shown = without_random(named, known)
    decoded, hides = _decoded(named, _without_named)
    if decoded is None:
        return MASK
    _, hides_run = _decoded(shown, lambda one: without_random(one, known))
    return without_random(decoded, known) if hides or hides_run else shown


def _without_named(text: str) -> str:
    return _LOOSE.sub(rf"\1{MASK}", without_secrets(text))


def _decoded(text: str, masked: Callable[[str], str]) -> tuple[str | None, bool]:
    """Return the text, decoded and masked again until no escape remains, and whether an encoding
    hid a secret. The text is None if it's encoded too often.
    """
    hides = False
    for _ in range(_DEEPEST):
        decoded = plain(opened(text))
        if decoded == text:
            return text, hides
        text = masked(decoded)
        hides = hides or text != decoded
    return None, hides


def _ids(text: str) -> set[str]:
    """Return the ids that aren't secrets: support and a second explanation need them."""
    message = parse(text)
    ids = (message.client, message.tenant, message.instance)
    return {one.lower() for one in ids if one} | stated_ids(levels(text)[-1])
