"""Extract an EHR's message from any text that a developer has.

RFC 6749 4.1.2.1 and 5.2, RFC 6750 3, and the `error_uri` of Oracle Health:
`https://HOST/errors/URN/instances/ID?persona=…&client=…&tenant=…`, encoded once, twice or not at
all. No URL in it is ever followed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from shared.explain.model import EhrMessage
from shared.explain.parsing import texts, urns
from shared.explain.parsing.credentials import with_claims, with_comparison
from shared.explain.parsing.find import known_urns
from shared.explain.parsing.named import OAUTH_ERRORS
from shared.explain.parsing.said import flowing, focus, without_noise
from shared.explain.parsing.vendor import seen_in

LONGEST_TEXT = 32_768
_FLAGS = re.IGNORECASE | re.MULTILINE
LONGEST_DESCRIPTION = 500
# A host name without a scheme, as in an exception's or resolver's message.
_HOST = (
    r"(?:\bhost(?:name)?\W{1,3}|\benotfound |resolve host: ?|unknownhostexception: ?"
    r"|\blookup )([a-z0-9.-]{1,200}\.[a-z]{2,24})\b"
)
# The fields that contain a server's message: OAuth's and FHIR's, then those of other JSON.
_SENTENCES = (r"error_description|diagnostics", r"(?<=\")(?:error_message|message|msg|detail|text)")
_FAILED = re.compile(r'"severity\\?"\s{0,9}:\s{0,9}\\?"(?:fatal|error)\b')
_ID = r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"
# In prose, an id must contain a digit, so that words don't count as ids.
_WITH_DIGIT = r"(?=[A-Za-z._-]{0,40}[0-9])[A-Za-z0-9][A-Za-z0-9._-]{5,127}"
# The characters allowed between a name and its value in a query, JSON, a forum's table or prose.
_IS = r"(?:[\"'`\\*\]]{0,4}\s{0,3}[:=|]?\s{0,3}[\"'`\\*\[]{0,4})"
SIGN = r"(?:[\"'`\\*]{0,4}\s{0,3}[:=|]\*{0,2}\s{0,3}[\"'`\\]{0,4})"
# The gap between two columns.
_GAP = r"[ \t]{2,40}"
_OAUTH_ERRORS = "|".join(OAUTH_ERRORS)
_IDS: Mapping[str, tuple[str, ...]] = {
    "client": (
        rf"(?<![A-Za-z0-9_-])client=({_ID})",
        rf"(?<![A-Za-z0-9_-])client{SIGN}({_WITH_DIGIT})",
        rf"^\s{{0,8}}client{_GAP}({_WITH_DIGIT})",
    ),
    "tenant": (
        rf"(?<![A-Za-z0-9_-])tenant=({_ID})",
        rf"/tenants/({_ID})",
        rf"\btenant(?: id)?{_IS}({_WITH_DIGIT})",
    ),
    "persona": (
        rf"\bpersona{SIGN}([A-Za-z]{{1,20}})",
        r"/personas/([A-Za-z]{1,20})",
        rf"^\s{{0,8}}persona{_GAP}([A-Za-z]{{1,20}})",
    ),
    "instance": (
        rf"/instances/({_ID})",
        rf"\b(?:cerner-)?correlation[ _-]?id{SIGN}({_ID})",
        rf"\b(?:instance|correlation)(?:[ _-]?id)?{_IS}({_WITH_DIGIT})",
        rf"\b(?:opc|x)-request-id{SIGN}({_WITH_DIGIT})",
    ),
}


def parse(text: str) -> EhrMessage:
    """Return the message in a text that a person pasted: a callback URL or its query, an
    `error_uri`, a URN, a response of a token endpoint or FHIR server, or a log or forum post with
    any of them. The claims about software in its JWTs are read too, and its verifier is compared
    with its challenge.

    Never raises. Everything in the result is bounded and printable, and it contains no secrets.
    """
    message = read(with_comparison(with_claims(texts.bounded(text))))
    return replace(message, cut=len(text) > texts.MOST)


def read(text: str) -> EhrMessage:
    """Return the message in a server's own text, like `parse`, without reading any JWT."""
    levels = texts.levels(text)
    opened = levels[-1]
    urn, _ = urns.find(opened, known_urns())
    ids = ids_in(opened)
    known = known_ids(ids, opened)
    shown = texts.without_random(opened, known)
    return EhrMessage(
        vendor=seen_in(urn, opened).first,
        urn=urn,
        oauth_error=_oauth_error(opened),
        description=_description([flowing(one) for one in levels], known),
        **ids | {"persona": (ids["persona"] or "").lower() or None},
        status=_status(without_noise(opened)),
        text=focus(shown, LONGEST_TEXT),
        cut=len(text) > texts.MOST,
    )


def known_ids(ids: Mapping[str, str | None], opened: str) -> set[str]:
    """Return the ids in a decoded text that aren't secrets, in lowercase: support and a second
    explanation need them.
    """
    named = (ids["client"], ids["tenant"], ids["instance"])
    return {one.lower() for one in named if one} | stated_ids(opened)


def ids_in(opened: str) -> dict[str, Any]:
    """Return the client, tenant, persona and instance that a decoded text names, or None."""
    _, end = urns.find(opened, known_urns())
    # The parts of an `error_uri` follow its URN. In other texts they may precede it.
    places = (opened[end : end + 2000], opened) if end else (opened,)
    return {name: _first(places, patterns) for name, patterns in _IDS.items()}


def _first(places: Iterable[str], patterns: Iterable[str]) -> str | None:
    """Return the first group of the first matching pattern, searching one place after another."""
    for pattern in patterns:
        for place in places:
            match = re.search(pattern, place, _FLAGS)
            if match is not None:
                value = match[1].rstrip(".-~")
                return None if texts.looks_like_a_secret(value) else value
    return None


def stated_ids(text: str) -> set[str]:
    """Return the ids that the text may keep: client ids, tenants in FHIR bases, path segments."""
    ids = re.findall(
        rf"(?:client|app(?:lication)?)[ _-]?id(?:[^\n]{{0,60}}?|[^A-Za-z0-9]{{0,12}})({texts.UUID}"
        rf")|/(?:r4|dstu2|tenants)/({_ID})|{_HOST}",
        text,
        re.IGNORECASE,
    )
    segments = set(re.findall(rf"/({_ID})", text))
    clients = re.findall(rf"client[_ -]?id{SIGN}({_ID})", text, re.IGNORECASE)
    stated = [one for pair in ids for one in pair]
    return {
        one.lower().strip(".-")
        for one in (
            *stated,
            *(one for one in segments if not texts.looks_like_a_secret(one, texts.UUID)),
            *(one for one in clients if not texts.looks_like_a_secret(one)),
        )
    }


def _oauth_error(text: str) -> str | None:
    """Return the value of `error`, or otherwise the first standard error code in the text.

    A value with digits isn't an error code and might be a secret, so it's never returned.
    """
    named = re.search(
        rf"(?<![A-Za-z0-9_.-])error{SIGN}(?!error\b)([A-Za-z][A-Za-z_]{{2,39}})\b", text
    )
    if named is not None and (re.fullmatch(_OAUTH_ERRORS, named[1]) or "_" in named[1]):
        return named[1].lower()
    bare = re.search(rf"(?<![A-Za-z0-9_])(?:{_OAUTH_ERRORS})(?![A-Za-z0-9_])", text)
    return bare[0] if bare is not None else None


def _description(levels: list[str], known: set[str]) -> str | None:
    """Return the server's own message, from `error_description`, an OperationOutcome or other JSON.

    In an OperationOutcome, an issue that made the request fail comes before other issues.
    """
    failed = (_FAILED.search(text) for text in levels)
    parts = [text[at.start() :] for text, at in zip(levels, failed, strict=True) if at]
    for name in _SENTENCES:
        for text in (*parts, *levels):
            match = re.search(
                rf"(?<![A-Za-z0-9])(?:{name})(?:"
                r"=(?P<query>[^&\s\"'<>+%]{1,200}(?: [^&\s\"'<>+%]{1,60}){1,20}"
                r"|[^&\s\"'<>]{1,2000})|\\?[\"']?\s{0,3}[:=]\s{0,3}\\?\"(?P<quoted>(?:[^\"\\\n]"
                r"|\\[^\n]){1,2000}))",
                text,
            )
            if match is not None:
                raw = match["quoted"] or match["query"].replace("+", " ")
                opened = texts.levels(raw)[-1].replace("\n", " ").strip()
                return texts.without_random(opened, known)[:LONGEST_DESCRIPTION] or None
    return None


def _status(text: str) -> int | None:
    match = re.search(
        r"\bHTTP(?:/[0-9.]{1,3})?[ :]{1,2}([1-5][0-9]{2})\b|\b(?:status(?:[ _]?code)?(?: of)?"
        r"|code|error)\"?\s{0,2}[:= ]\s{0,2}\"?([1-5][0-9]{2})\b|\b([45][0-9]{2}) ?(?:unauthorized"
        r"|forbidden|bad request|not found|not acceptable|unsupported media|internal server error"
        r"|method not allowed|bad gateway|gateway time|service (?:temporarily )?unavailable"
        r"|too many requests)|(?:^|\n|: )\W{0,3}([45][0-9]{2})(?: -|:| on| from| at| \") ?|(?:->"
        r"|=>|→|\b(?:says|gives|return(?:s|ed|ing)?|answers|get(?:s|ting)?|got"
        r"|with|is)(?: me| us)?(?: an?)?) ([45][0-9]{2})\b(?![.:/-]?[0-9])|\b(?:GET|POST"
        r"|PUT) \S{1,200} ([45][0-9]{2})\b|\b([45][0-9]{2}) ?(?:error\b|"
        r"\{|\()|(?<!\w)\(([45][0-9]{2})\)|(?<!count)[;,:] ([45][0-9]{2})(?=\s*(?:\n|\Z))",
        text,
        re.IGNORECASE,
    )
    if match is not None:
        return int(next(filter(None, match.groups())))
    return 403 if re.search(r"\bforbidden\b", text, re.IGNORECASE) else None
