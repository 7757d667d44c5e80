"""The documents that the catalogue of errors names: the only addresses that an error page links."""

import re

from shared.explain.catalogue import ENTRIES, sources
from shared.explain.ranking import launch, request, scope_evidence

_TEXTS = [
    *(entry.source for entry in ENTRIES),
    *(cause.source for entry in ENTRIES for cause in entry.causes),
    *(
        value
        for module in (sources, launch, request, scope_evidence)
        for value in vars(module).values()
        if isinstance(value, str)
    ),
]
OUR_SOURCES = {address for text in _TEXTS for address in re.findall(r"https?://[^\s;,()]+", text)}
