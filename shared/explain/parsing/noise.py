"""Remove the lines of a pasted text that are about static files, not about the failure.

The status in such a line doesn't belong to the launch.
"""

import re

_NOISE = re.compile(
    r"/[\w.-]{1,80}\.(?:js|mjs|css|map|ico|png|svg|jpe?g|woff2?|ttf)\b[^\n]{0,80}\b[1-5][0-9]{2}\b",
    re.IGNORECASE,
)


def without_noise(text: str) -> str:
    """Return the text without those lines."""
    return "\n".join(line for line in text.split("\n") if not _NOISE.search(line))
