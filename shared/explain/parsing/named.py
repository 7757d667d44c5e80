"""Find the values that a text names as secrets, in whatever form it's written.

One list has the names, by words: `client_secret`, `setClientSecret(` and `X-Client-Secret` end in
the same one. One grammar has what may be between a name and its value. After a sign that
assigns, as in `code=…`, every value except an error's code is a secret. After a space, a comma or
"is", a value is one if it isn't a word of this product's explanations, because "the session is
active" names no secret.
"""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from string import ascii_lowercase, ascii_uppercase

from shared.errors import CodedError
from shared.explain.catalogue import ENTRIES

MASK = "…"
# Programs print these for a missing value.
NO_VALUE = frozenset({"none", "null", "undefined", "nil"})
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
# The names. What may be more than a secret ("the launch", "error code") is open, and the rest sure.
_SURE = (
    r"secret|passw(?:or)?d|passcode|passphrase|verifier|assertion|credential|csrf|xsrf|samlresponse"
    r"|(?:api|private|sealing|encryption|signing|session|secret|shared|access|master|subscription)"
    r"[-_. ]?key|login[-_. ]?hint|jsessionid|sess(?:ion)?[-_. ]?id|__host-[a-z0-9_-]{1,80}"
)
_SURE_WORDS = r"passwort|pass|pwd|pw|pin|t?otp|sid|jwt"
_OPEN = r"token|(?:authorization|auth|access|device|user)[-_. ]?code"
_OPEN_WORDS = r"code[-_. ]?challenge|code|state|nonce|launch|session"
_HEADERS = r"(?:proxy-)?authorization|(?:set-)?cookie"
_SCHEMES = r"bearer|basic|dpop"
# Before an open name, these words make it the name of something else.
_OTHERS = (
    r"error|err|status|exit|return|response|result|reason|http|source|country|zip|postal|language"
    r"|invalid|expired|missing|unknown|unsupported|insufficient|bad|wrong|no|ready"
)
_NAME = re.compile(
    # Digits and signs begin no name.
    rf"(?=[a-z_])(?P<other>(?<![a-z])(?:{_OTHERS})[-_. ]?)?(?:(?P<sure>{_SURE})|"
    rf"(?P<sure_word>{_SURE_WORDS})|(?P<open>{_OPEN})|(?P<open_word>{_OPEN_WORDS})|"
    rf"(?P<header>{_HEADERS})|(?P<scheme>{_SCHEMES}))"
    r"(?:[-_. ]?(?:id|key|value|string|handle|hint|hash)(?![a-z]))?s?[0-9]{0,2}"
    r"(?![a-z0-9_]|[-.][a-z0-9])"
)
# The characters between a name and its value.
_TAGS = r"(?:<(?:/|[a-z])[^<>]{0,200}>[\s:]{0,99})"
_AFTER = re.compile(
    r"(?P<close>[\"'`*\\\])}]{0,6})(?:(?P<block>:[ \t]{0,9}[|>][-+0-9]{0,2}[ \t]{0,9}\n)"
    r"|(?P<below>:[ \t]{0,9}\n[ \t]{1,40}(?=[^\s:]+[ \t]{0,9}(?:\n|\Z)))"
    r"|(?P<sign>(?:[ \t]?\([^()\n\"']{1,40}\))?\s{0,3}(?:=>|->|→|:=|={1,3}|::?)\*{0,2}\s{0,40})"
    rf"|(?P<tags>[\s:]{{0,20}}{_TAGS}{{1,5}})"
    r"|(?P<call>\s?\(\s{0,9}(?=\\{0,8}[\"'`]))|(?P<cell>[ ]{0,40}[,;|\t][ \t|*]{0,40})"
    r"|(?P<gap>[ \t](?:for|of|in|from|on|at|i|we|that)\b[^\n:=\"'<>]{0,30}?(?:[:=]|\s(?:is"
    r"|was)\b)[ \t]{1,9})|(?P<words>(?:\s{1,9}(?:is|was|are|equals|of|to|as|value|now|set|still"
    r"|just|called)\b:?){0,4}[ \t(]{1,40}))",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"[(\[\s]{0,4}(?P<mark>\\{0,8}[\"'`])(?P<value>(?:(?!(?P=mark))(?:\\.|[^\\\n]))+)"
)
# An unquoted value of a query ends at a character that must be encoded, and any other at a space.
_IN_QUERY = re.compile(r"[(\[]{0,2}(?P<value>[^\s&\"'`<>{]+(?:['\"][^\s&\"'`<>,;:)}\]]+){0,9})")
_BARE = re.compile(r"[(\[]{0,2}(?P<value>[^\s\"'`<>{]+(?:['\"][^\s\"'`<>,;:)}\]]+){0,9})")
_WORD = re.compile(r"[*_(\[]{0,4}(?P<value>[^\s\"'`|,;<>&(){}\[\]]{3,})")
_TO_LINE_END = re.compile(r"(?P<value>[^\n]+)")
_TO_QUOTE = re.compile(r"(?P<value>[^\"'\n]+)")
_TO_TAG = re.compile(r"\s{0,99}(?P<value>[^<]+)")
_INDENTED = re.compile(r"(?P<value>(?P<indent>[ \t]+)[^\n]*(?:\n(?P=indent)[^\n]*)*)")
_PART = re.compile(r"[\"']?[^\n]{0,200}\n(?:[^\n]{1,200}\n){0,5}\n(?P<value>(?:(?!--)[^\n]*\n?)+)")
_MEMBER = re.compile(r"(?:value|content)[\"'\\]{0,9}\s{0,9}[:=]\s{0,9}")
# `name="code"` and `"key": "code"` name the value of another attribute or member, or of the part.
_AS_VALUE = re.compile(
    r"\b(?:name|id|key)[\"'\\]{0,9}\s{0,9}[:=]\s{0,9}\\{0,8}[\"']?[\w. -]{0,30}\Z"
)
_AS_TAG = re.compile(r"<(?:[\w.-]{1,40}:)?[\w.-]{0,40}\Z")
_REST_OF_TAG = re.compile(r"[\"']?(?:[\s/][^<>]{0,400})?>")
_NEAR = 300
_IN_NAMES = f"{ascii_lowercase}{ascii_uppercase}0123456789_-"
# Values of `code` that name an error: codes of RFC 6749, RFC 6750, RFC 8707 and OpenID Connect, and
# FHIR's issue types. Numbers, URNs and this app's own codes aren't secrets either.
OAUTH_ERRORS = (
    *("access_denied", "invalid_request", "invalid_scope", "invalid_client", "invalid_grant"),
    *("invalid_token", "invalid_target", "unauthorized_client", "unsupported_response_type"),
    *("unsupported_grant_type", "server_error", "temporarily_unavailable", "insufficient_scope"),
    *("login_required", "interaction_required", "consent_required", "account_selection_required"),
)
_ISSUES = (
    "invalid structure required value invariant security login unknown expired forbidden "
    "suppressed processing not-supported duplicate multiple-matches not-found deleted too-long "
    "code-invalid extension too-costly business-rule conflict transient lock-error no-store "
    "exception timeout incomplete throttled informational"
)
# For example "Kind of launch: EHR launch".
_NO_SECRETS = NO_VALUE.union(OAUTH_ERRORS, _ISSUES.split(), ("ehr", "standalone"))
_USUAL = (
    "my your his her their says said get gets got give gives held holds expires fine dies uploaded "
    "live redemption arrives yesterday regenerated handler pasted like look looks okay true false "
    "they them these those some any each every here there right left still never always again"
)


def values(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each value that is named as a secret."""
    low, done = text.translate(_LOWER), 0
    for name in _NAME.finditer(low):
        at = name.end()
        if at <= done or not _is_name(name, text):
            continue
        for start, end in _after(name, text, low):
            yield start, end
            done = max(done, end)


def _is_name(name: re.Match[str], text: str) -> bool:
    """Return whether a short name is a separate word, as in `authCode`, unlike in "barcode"."""
    kind = name.lastgroup or ""
    start = name.start(kind)
    if name["other"] and kind.startswith("open"):
        return False
    before = text[start - 1 : start]
    if kind in {"sure", "open"} or not before.isalnum():
        return True
    # `-Dcode=…` is an option of Java.
    return (before.islower() and text[start].isupper()) or text[start - 2 : start] == "-D"


def _after(name: re.Match[str], text: str, low: str) -> Iterator[tuple[int, int]]:
    kind, start, end = name.lastgroup or "", name.start(name.lastgroup or 0), name.end()
    before = text[max(start - 60, 0) : start]
    if "<" in before and _AS_TAG.search(before):
        yield from _in_tag(text, end)
        return
    if _AS_VALUE.search(before):
        yield from _elsewhere(text, low, start, end)
    after = _AFTER.match(text, end)
    if after is None:
        return
    form, at, sure = after.lastgroup or "", after.end(), kind.startswith("sure")
    if form == "block":
        yield from _found(_INDENTED.match(text, at))
    elif kind == "header":
        yield from _of_header(text, at, form, start, in_quotes=bool(after["close"]))
    elif form in {"sign", "below", "call"} and kind != "scheme":
        sign = text[after.start(form) : at].strip()
        sign = _said_by(sign, low[start:end], text, at)
        yield from _strong(text, at, sign, before.rstrip(_IN_NAMES)[-1:], sure=sure)
    elif form == "tags":
        word = _WORD.match(text, at)
        if word and text[word.end() : word.end() + 1] in {"<", "\n", ""}:
            yield from _weak(text, at, sure=sure)
    elif form != "gap" or sure:
        yield from _weak(text, at, sure=sure)


def _in_tag(text: str, end: int) -> Iterator[tuple[int, int]]:
    rest = _REST_OF_TAG.match(text, end)
    yield from _found(_TO_TAG.match(text, rest.end()) if rest else None)


def _said_by(sign: str, name: str, text: str, at: int) -> str:
    """Return the sign, or none before a sentence, as in "JWT: issuer mismatch": no token is one."""
    is_sentence = name in {"jwt", "assertion", "token"} and _SENTENCE.match(text, at)
    return "" if sign == ":" and is_sentence else sign


_SENTENCE = re.compile(r"(?<= )[A-Za-z]{2,20} [a-z]{2,20}\b")


def _of_header(
    text: str, at: int, form: str, start: int, *, in_quotes: bool
) -> Iterator[tuple[int, int]]:
    """Yield a header's value, to the end of its line, or of its quotes inside other text."""
    # `urn:…:authorization:error:…` isn't a header.
    if form == "sign" and text[start - 1 : start] + text[at - 1 : at] != "::":
        alone = not text[text.rfind("\n", 0, start) + 1 : start].strip("> *<-")
        quoted = _QUOTED.match(text, at)
        yield from _found(quoted or (_TO_LINE_END if alone else _TO_QUOTE).match(text, at))
    elif form == "call" or (form == "cell" and in_quotes):
        yield from _weak(text, at, sure=True)


def _found(match: re.Match[str] | None) -> Iterator[tuple[int, int]]:
    if match is not None and match["value"].strip():
        yield match.span("value")


def _strong(text: str, at: int, sign: str, before: str, *, sure: bool) -> Iterator[tuple[int, int]]:
    """Yield the value after a sign that assigns it, unless it's an error's code or number."""
    if before == sign == ":":
        # `urn:…:token:…` doesn't name a secret.
        return
    if not sign:
        yield from _weak(text, at, sure=sure)
        return
    in_query = sign == "=" and text[at - 1 : at] == "="
    match = _QUOTED.match(text, at) or (_IN_QUERY if in_query else _BARE).match(text, at)
    if match is None:
        return
    value = match["value"].rstrip(".,;)}]\\").lower()
    number = not sure and before not in {"?", "&"} and re.match(r"[0-9]{1,5}(?![0-9a-z_-])", value)
    if not (
        number
        or value in _NO_SECRETS
        or value in _own_codes()
        or value.replace("_", "-") in _urn_words()
        or value.startswith("urn:")
        # "Launch: https://…" is an address. What is secret in it has its own name or form.
        or (not sure and sign == ":" and re.match(r"https?://[^\s@]+\Z", value))
    ):
        yield match.span("value")


def _weak(text: str, at: int, *, sure: bool) -> Iterator[tuple[int, int]]:
    """Yield the value after a space, a comma or a word, unless it's a word of an explanation."""
    quoted = _QUOTED.match(text, at)
    match = quoted or _WORD.match(text, at)
    if match is None:
        return
    if quoted and text[match.end() : match.end() + 9].lstrip("\\\"'` ").startswith((":", "=")):
        # The next name.
        return
    if _is_secret(match["value"].strip(" .,:;!?…*_"), sure=sure):
        yield match.span("value")


def _is_secret(value: str, *, sure: bool) -> bool:
    if not value or "://" in value or MASK in value or "=" in value.rstrip("="):
        return False
    if re.fullmatch(r"[0-9.:/+-]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.Z+]+", value):
        return value.isdigit() and len(value) >= (3 if sure else 6)
    if re.match(r"(?:patient|user|system|launch)/|/|urn:", value):
        return False
    digits = sum(map(str.isdigit, value))
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", value)
    # For example AADSTS70008, RS256 or OAuth2.
    code = digits < 3 or re.fullmatch(r"[A-Z]{2,8}[-_]?[0-9]{3,8}", value)
    return not (code and all(map(_is_usual, map(str.lower, words))))


def _is_usual(word: str) -> bool:
    known = _vocabulary()
    return (
        len(word) < 3
        or word in known
        or word.removesuffix("s") in known
        or bool(len(word) > 5 and word.endswith(("ed", "ing", "ion", "ly")))
    )


def _elsewhere(text: str, low: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the value in another attribute or member, in the tag's content or the part's body."""
    after, before = low.find("value", end, end + _NEAR), low.rfind("value", start - _NEAR, start)
    if after < 0:
        after = low.find("content", end, end + _NEAR)
    for at, between in ((after, text[end:after]), (before, text[before:start])):
        member = _MEMBER.match(low, at) if at >= 0 and not set("<>{}") & set(between) else None
        if member is not None:
            quoted = _QUOTED.match(text, member.end()) or _BARE.match(text, member.end())
            yield from _found(quoted)
            return
    rest = _REST_OF_TAG.match(text, end)
    yield from _found(_TO_TAG.match(text, rest.end()) if rest else _PART.match(text, end))


@cache
def _urn_words() -> frozenset[str]:
    """Return the last words of known URNs: `launch:code-required` isn't a launch value."""
    return frozenset(urn.rpartition(":")[2] for entry in ENTRIES for urn in entry.urns)


@cache
def _own_codes() -> frozenset[str]:
    """Return the codes of this product's errors (docs/errors.md)."""
    codes, left = set(), [CodedError]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        codes.add(getattr(kind, "code", ""))
    return frozenset(codes - {""})


@cache
def _vocabulary() -> frozenset[str]:
    """Return the words of the catalogue, from messages and from posts about them."""
    words = set(_USUAL.split())
    left: list[object] = list(ENTRIES)
    while left:
        one = left.pop()
        if isinstance(one, str):
            words.update(re.findall(r"[a-z]+", one.lower()))
        elif isinstance(one, tuple):
            left += one
        elif is_dataclass(one):
            left += (getattr(one, field.name) for field in fields(one))
    return frozenset(words)
