"""What a paste holds besides the failure: static files, tools of the browser, frames of a stack.

A status or a word in such a line says nothing about the launch, so it is left out of the search.
"""

import re

_STATIC = r"[\w.-]{1,80}\.(?:js|mjs|css|map|ico|png|svg|jpe?g|woff2?|ttf)\b"
_NOISE = re.compile(
    # A static file that was served or is missing.
    rf"/{_STATIC}[^\n]{{0,80}}\b[1-5][0-9]{{2}}\b|source ?map|\bdevtools\b"
    r"|^\s{0,8}\[(?:vite|HMR|webpack-dev-server|WDS|Violation)\b"
    r"|/(?:healthz?|readyz|livez|metrics)\b"
    # A frame of a stack in Java or .NET, JavaScript, Python.
    r"|^\s{0,40}at (?:async )?[\w.$<>`\[\], /-]{1,200}\("
    r"|^\s{0,40}File \"[^\"\n]{1,300}\", line [0-9]{1,6}",
    re.IGNORECASE,
)


def without_noise(text: str) -> str:
    """Return the text without those lines."""
    return "\n".join(line for line in text.split("\n") if not _NOISE.search(line))
