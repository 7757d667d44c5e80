"""Find the lists of scopes in a text, and label each by the words before it.

A forum post may list requested, granted, registered and missing scopes (SMART App Launch 2.2,
"Scopes").
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Literal, cast

from shared.frozen import dataclass

SCOPE = (
    r"(?<![\w/.-])(?:openid|fhirUser|profile|offline_access|online_access|launch(?:/[a-z]{1,20})?"
    r"|(?:patient|user|system)/[A-Za-z*]{1,40}\.[a-z*]{1,10})(?:\?[^\s\"'&,;`<>]{1,80})?(?![\w/=-])"
)
Label = Literal["requested", "granted", "registered", "missing"]
_BETWEEN = r"[\s,+;|`\"'\[\]]{1,6}"
_BEFORE = 70
_LABELS = re.compile(
    r"(?P<registered_>\b(?:registered|allowed|approved) scopes?\b)|(?P<granted_>\b(?:granted"
    r"|received|returned) scopes?\b)|(?P<missing>\b(?:not|without|missing|lacks?|lost|dropped"
    r"|stripped|except)\b)|(?P<granted>\b(?:granted|received|returned|came back|comes? back"
    r"|gets? back|we get|and get|got|answer\w*|response|token (?:has|says|contains|shows))\b)"
    r"|(?P<registered>\b(?:portal|console|registration|registered|approved|allowed|ticked|form"
    r"|(?:it )?says|shows only)\b)|(?P<requested>\b(?:ask|asks|asked|asking|request\w{0,4}"
    r"|sen[dt]|configured|config\w*|appsettings|scopes?|tried|want|need)\b)",
    re.IGNORECASE,
)
_OF_SCOPES = re.compile(r"(?<![/-])\bscopes?\b(?!-)|grant")
# The words that label a list may be in the line before it.
_LAST_LINES = re.compile(r"[^\n]*\n?[^\n]*\Z")


@dataclass(frozen=True, slots=True)
class ShownScopes:
    """The lists of scopes by label. A list that the text doesn't have is empty or None."""

    requested: tuple[str, ...] = ()
    granted: tuple[str, ...] | None = None
    registered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def scopes_in(text: str) -> ShownScopes:
    """Return the lists of scopes in a text."""
    response = _token_response(text)
    lists: defaultdict[Label | None, list[tuple[str, ...]]] = defaultdict(list)
    for label, scopes in _lists(text):
        if not (label == "requested" and scopes == response):
            lists[label].append(scopes)
    registered = _longest(lists["registered"])
    missing = tuple(dict.fromkeys(chain.from_iterable(lists["missing"])))
    granted = _longest([one for one in lists["granted"] if len(one) > 1]) or None
    candidates = [*lists["requested"], *lists[None]]
    requested = _longest([one for one in candidates if len(one) > 1 and one != response])
    # A single scope counts as a list only in the form `scope=…`, or with a type and a label.
    requested = requested or next((x for x in lists["requested"] if "/" in x[0]), ())
    requested = requested or _longest([(one,) for one in re.findall(rf"\bscope=({SCOPE})", text)])
    if not requested and len(registered) > 1:
        # If a text lists only registered scopes, assume that they were requested.
        return ShownScopes(registered, response or granted, (), missing)
    return ShownScopes(requested, response or granted, registered, missing)


def _token_response(text: str) -> tuple[str, ...] | None:
    """Return the scopes of a token response in the text, None if there is none."""
    if not re.search(r"\b(?:token_type|expires_in)\b", text):
        return None
    match = re.search(r"(?<![A-Za-z_])scope\"\s{0,3}:\s{0,3}\"([^\"\n]{0,8000})\"", text)
    return tuple(match[1].split()) if match is not None else None


def runs(form: str, between: str, text: str) -> list[list[re.Match[str]]]:
    """Return what has a form in a text, in lists of those with only `between` between them."""
    runs: list[list[re.Match[str]]] = []
    for match in re.finditer(form, text):
        if runs and re.compile(between).fullmatch(text, runs[-1][-1].end(), match.start()):
            runs[-1].append(match)
        else:
            runs.append([match])
    return runs


def _lists(text: str) -> Iterator[tuple[Label | None, tuple[str, ...]]]:
    end = 0
    for run in runs(SCOPE, _BETWEEN, text):
        if len(run) == 1 and run[0][0] in {"launch", "profile"}:
            # Without other scopes, it's just a word in a sentence.
            continue
        start = run[0].start()
        scopes = tuple(dict.fromkeys(match[0] for match in run))
        label = _label(text[max(end, start - _BEFORE) : start])
        line = text[text.rfind("\n", 0, start) + 1 :].partition("\n")[0]
        if label == "missing" and not ("/" in "".join(scopes) or _OF_SCOPES.search(line)):
            # "`fhirUser` isn't checked" is about a claim.
            label = None
        yield label, scopes
        end = run[-1].end()


def _label(before: str) -> Label | None:
    """Return the label for the last matching word before a list."""
    lines = _LAST_LINES.search(before)
    found = [*_LABELS.finditer(lines[0] if lines is not None else before)]
    return cast("Label", str(found[-1].lastgroup).rstrip("_")) if found else None


def _longest(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
    return max(lists, key=len, default=())
