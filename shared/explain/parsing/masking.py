"""Mask the secrets in a pasted text, so that it can be shown again.

A secret is masked by its name, in any of the forms and encodings that people paste, and by its own
form: a long run of letters and digits that isn't a client id, a tenant or a correlation id. A
masked word too many costs nothing here, so more is masked than what explain reads.
"""

from itertools import pairwise

from shared.explain.parsing.named import MASK
from shared.explain.parsing.parse import ids_in, known_ids
from shared.explain.parsing.texts import DEEPEST, levels, opened, without_random


def harmless(text: str) -> str:
    """Return the text, limited and printable, with every secret masked.

    If an encoding hides one, return the decoded text.
    """
    read = levels(text)
    if len(read) > DEEPEST:
        return MASK
    known = known_ids(ids_in(read[-1]), read[-1])
    shown = [without_random(one, known) for one in read]
    hides = any(opened(one) != after for one, after in pairwise(shown))
    return shown[-1] if hides else shown[0]
