"""Normalize Oracle Health's error URNs to one spelling.

Cerner's list of 2016 and its current servers differ in some endings, its launch server has its own
namespace, and people abbreviate URNs with an ellipsis or leave out the start.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache

AUTHORIZATION = "urn:cerner:error:authorization-server:"
RESOURCE = "urn:cerner:error:oauth2:resource-access:"
_LAUNCH = f"{AUTHORIZATION}smart-v1:grant:launch:"
_LAUNCH_SERVER = "urn:com:cerner:authorization:error:launch:"
_WHOLE = r"urn:(?:com:)?cerner:[a-z0-9:_.…-]{1,200}"
# The first word of the next line, after the margin of a quotation or a table.
_NEXT_LINE = r"[ \t]{0,8}\n[\s>|]{0,40}([a-z0-9:_.-]{1,100})"
_MOST_BREAKS = 3
_TAIL = (
    r"(?<![a-z0-9:_-])(?:(?:smart-v1|oauth2?):(?:grant|token)(?::[a-z0-9_-]{1,60}){1,4}"
    r"|resource-access:[a-z0-9_-]{1,60})"
)
_WORDS = r"(?<![a-z0-9:_./-])(?:[a-z0-9_-]{1,40}:){0,2}[a-z0-9]{1,30}(?:[_-][a-z0-9]{1,30}){1,6}"
_SAME = {
    "smart-v1:grant:launch:launch-code-required": "smart-v1:grant:launch:code-required",
    "smart-v1:grant:launch:invalid-code": "smart-v1:grant:launch:invalid-launch-code",
    "smart-v1:grant:launch:mismatchted-identity": "smart-v1:grant:launch:mismatched-identity",
    "smart-v1:grant:launch:mismatch-identity": "smart-v1:grant:launch:mismatched-identity",
    "smart-v1:grant:launch:mismatch-identity-subject": "smart-v1:grant:launch:mismatched-identity",
    "smart-v1:grant:launch:unspecified-error": "smart-v1:grant:launch:unspecified",
    "oauth2:token:code:invalid": "oauth2:token:code-invalid-or-expired",
}

# The older spellings of URN endings that people quote without the rest.
_SHORT = {
    ":".join(old.split(":")[-length:]): ":".join(new.split(":")[-length:])
    for old, new in _SAME.items()
    for length in (1, 2, 3)
}

# OAuth codes that are also URN endings, with hyphens.
_OF_RFC_6749 = frozenset({"invalid_request", "unsupported_response_type", "unsupported_grant_type"})


def normal(urn: str) -> str:
    """Return the URN in the current server's spelling: lowercase, hyphens, `oauth2`."""
    urn = urn.lower().replace("_", "-").strip(":.-…").replace(":oauth:", ":oauth2:")
    if urn.startswith(_LAUNCH_SERVER):
        urn = _LAUNCH + urn.removeprefix(_LAUNCH_SERVER)
    tail = urn.removeprefix(AUTHORIZATION)
    return AUTHORIZATION + _SAME.get(tail, tail) if tail != urn else urn


def find(text: str, known: frozenset[str]) -> tuple[str, int] | tuple[None, int]:
    """Return the first URN in a text in its normal form or None, and the position where it ends.

    An abbreviated URN, even one with only its last words, counts if exactly one of the `known` URNs
    has that ending.
    """
    for match in re.finditer(_WHOLE, text, re.IGNORECASE):
        broken = _broken(match, known)
        if broken is not None:
            return broken
        urn = _completed(match[0], known)
        if urn is not None:
            return urn, match.end()
    short = re.search(_TAIL, text, re.IGNORECASE)
    if short is None:
        return _last_words(text, known)
    tail = short[0].lower().removeprefix("resource-access:")
    return normal((RESOURCE if tail != short[0].lower() else AUTHORIZATION) + tail), short.end()


def _broken(match: re.Match[str], known: frozenset[str]) -> tuple[str, int] | None:
    """Return a known URN that a narrow window has broken into several lines."""
    whole, end = match[0], match.end()
    for _ in range(_MOST_BREAKS):
        rest = re.compile(_NEXT_LINE, re.IGNORECASE).match(match.string, end)
        if rest is None:
            return None
        whole, end = whole + rest[1], rest.end()
        if normal(whole) in known:
            return normal(whole), end
    return None


@cache
def _endings(known: frozenset[str]) -> Mapping[str, str | None]:
    """Map the last one, two and three words of URNs to the URN, or to None if they're ambiguous."""
    endings: dict[str, str | None] = {}
    for urn in known:
        parts = urn.split(":")
        for length in (1, 2, 3):
            ending = ":".join(parts[-length:])
            endings[ending] = None if ending in endings else urn
    return endings


def _last_words(text: str, known: frozenset[str]) -> tuple[str, int] | tuple[None, int]:
    endings, whole = _endings(known), text.strip()
    for match in re.finditer(_WORDS, text, re.IGNORECASE):
        written = match[0].lower().replace("_", "-")
        urn = endings.get(written) or endings.get(_SHORT.get(written, ""))
        # In a longer text, a single word may mean anything, and a code of RFC 6749 means that code.
        alone = match[0] == whole and match[0].lower() not in _OF_RFC_6749
        if urn is not None and (":" in written or alone):
            return urn, match.end()
    return None, 0


def _completed(written: str, known: Collection[str]) -> str | None:
    parts = re.split(r"…|\.{2,}", written.rstrip(".…:-"))
    if len(parts) == 1:
        whole = written.partition(".")[0]
        return normal(whole) if whole.count(":") > 2 else None
    tail = ":" + parts[-1].lower().replace("_", "-").strip(":")
    ends = {urn for urn in known if urn.endswith(tail)}
    return ends.pop() if len(ends) == 1 else None
