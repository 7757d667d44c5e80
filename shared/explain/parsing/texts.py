"""Make untrusted text harmless: limit, decode and clean it, and mask secrets.

RFC 3986 2.1 (EHRs encode an `error_uri` once, twice or not at all), Unicode TR 36 3.1 (bidi
overrides). Secrets are masked at every level of encoding, before the next one is decoded.
"""

import html
import re
from collections.abc import Collection
from functools import cache
from urllib.parse import unquote

from shared.errors import SmartError
from shared.explain.catalogue import ENTRIES

MOST = 131_072
_FLAGS = re.IGNORECASE | re.MULTILINE
MASK = "…"
_DEEPEST = 6
_NAMES = (
    r"[a-z0-9_-]{0,30}(?:token|secret|passw(?:or)?d|verifier|assertion|api[_-]?key|private[_-]?key)"
    r"|(?:access|refresh|id|bearer) token|(?:client|app) secret|code verifier"
    r"|(?:authorization|auth|access)[_ -]?code|code|code[_ -]?challenge|state|nonce|launch"
    r"|jsessionid"
)
# A quoted value ends at its closing quote, any other one at a character that must be encoded.
_NAMED = (
    rf"(?<![A-Za-z0-9_])(?P<name>{_NAMES})(?P<sign>[\"'`\\*\]]{{0,4}}\s{{0,3}}[:=]\*{{0,2}}\s{{0,3}})"
    r"(?P<mark>\\?[\"'`])?(?P<value>(?(mark)[^\"'`\n]+|[^\s&\"'`<>]+))"
)
# A header is masked to the end of its line, or to the end of its quotes inside other text.
_HEADERS = (
    r"^([\s>*<]{0,8}(?:(?:proxy-)?authorization|(?:set-)?cookie)\s{0,3}:)[^\n]*",
    (
        r"(?<![A-Za-z0-9_:-])((?:(?:proxy-)?authorization|(?:set-)?cookie)\\?[\"']?"
        r"\s{0,3}[:=]\s{0,3}\\?[\"']?)[^\"'\n]+"
    ),
)
_SCHEMES = r"\b(bearer|basic|dpop)(\s{1,3})(?![a-z_]{1,30}=[\"\\])[A-Za-z0-9._~+/=-]{8,}"
_JWT = r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}"
_PEM = r"-----BEGIN[^-\n]{1,40}-----[A-Za-z0-9+/=\s\\]*"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Oracle Health's tenants that aren't UUIDs, such as Y62ncCuwN85GGa7s0iz44XRnQoc9qr60.
_TENANT = r"[A-Za-z0-9]{1,36}"
_LONGEST_ID = 64
_LIKE_A_TOKEN = 20
_RANDOM = r"[A-Za-z0-9_~+.-]{16,}={0,2}"
# Values of `code` that name an error, and so aren't secrets: codes of RFC 6749, RFC 6750, OpenID
# Connect, and FHIR's issue types. Numbers, URNs and this app's own codes aren't secrets either.
_ERRORS = (
    "access_denied invalid_request invalid_scope invalid_client invalid_grant invalid_token "
    "unauthorized_client unsupported_response_type unsupported_grant_type server_error "
    "temporarily_unavailable insufficient_scope login_required interaction_required "
    "consent_required account_selection_required invalid structure required value invariant "
    "security login unknown expired forbidden suppressed processing not-supported duplicate "
    "multiple-matches not-found deleted too-long code-invalid extension too-costly "
    "business-rule conflict transient lock-error no-store exception timeout incomplete "
    "throttled informational"
)
_ERROR_NAMES = frozenset(_ERRORS.split())
# As in "Kind of launch: EHR launch".
_KINDS_OF_LAUNCH = frozenset({"ehr", "standalone"})
# What programs print for a missing value.
NO_VALUE = frozenset({"none", "null", "undefined", "nil"})


def bounded(text: str) -> str:
    """Return the text, or its start and end if it's too long to process."""
    return text if len(text) <= MOST else f"{text[: MOST // 2]}\n{text[-MOST // 2 :]}"


def plain(text: str) -> str:
    """Return the text with only printable characters and line ends, which can't control a
    terminal.
    """
    return "\n".join(map(_plain_line, text.replace("\r\n", "\n").split("\n")))


def _plain_line(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "" for sign in line)


def harmless(text: str) -> str:
    """Return the text, limited and printable, with every value that is named as a secret masked."""
    return levels(text)[0]


def levels(text: str) -> list[str]:
    """Return the text unchanged, then each result of decoding it again until no escape remains.

    Each level is printable and without named secrets.
    """
    levels = [without_secrets(plain(bounded(text)))]
    for _ in range(_DEEPEST):
        opened = plain(_opened(levels[-1]))
        if opened == levels[-1]:
            break
        levels.append(without_secrets(opened))
    return levels


def _opened(text: str) -> str:
    """Decode one level of encoding: percent, HTML references, JSON's escapes inside strings."""
    for written, meant in (("\\/", "/"), ("\\u0026", "&"), ('\\"', '"'), ("\\n", "\n")):
        text = text.replace(written, meant)
    return unquote(html.unescape(text) if "&" in text else text, errors="replace")


def without_secrets(text: str) -> str:
    """Mask the values that are named as secrets or look like one."""
    text = re.sub(_PEM, MASK, text)
    for header in _HEADERS:
        text = re.sub(header, rf"\1 {MASK}", text, flags=_FLAGS)
    text = re.sub(_NAMED, _masked, text, flags=re.IGNORECASE)
    text = re.sub(_SCHEMES, rf"\1\2{MASK}", text, flags=re.IGNORECASE)
    return re.sub(_JWT, MASK, text)


def _masked(match: re.Match[str]) -> str:
    value = match["value"].rstrip(".,;)}]\\").lower()
    names_an_error = (
        value in _ERROR_NAMES | NO_VALUE | _KINDS_OF_LAUNCH
        or value in _own_codes()
        or value.replace("_", "-") in _urn_words()
        or re.match(r"urn:|[0-9]{1,5}(?![0-9a-z_-])", value)
    )
    # `urn:…:token:…` and `invalid_token: …` don't name a secret.
    before = match.string[match.start() - 1 : match.start()]
    in_urn = before == ":" and match["sign"] == ":"
    if names_an_error or in_urn or match["name"].lower().startswith("invalid"):
        return match[0]
    return f"{match['name']}{match['sign']}{match['mark'] or ''}{MASK}"


@cache
def _urn_words() -> frozenset[str]:
    """Return the last words of known URNs: `launch:code-required` isn't a launch value."""
    return frozenset(urn.rpartition(":")[2] for entry in ENTRIES for urn in entry.urns)


@cache
def _own_codes() -> frozenset[str]:
    """Return the codes of this product's errors (docs/errors.md)."""
    codes, left = set(), [SmartError]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        codes.add(getattr(kind, "code", ""))
    return frozenset(codes - {""})


def without_random(text: str, known: Collection[str]) -> str:
    """Mask every long run of letters and digits that isn't in `known`, because a secret's name may
    be missing or misspelled.
    """

    def masked(match: re.Match[str]) -> str:
        run = match[0]
        mixed = any(sign.isdigit() for sign in run) and any(sign.isalpha() for sign in run)
        return MASK if mixed and run.lower().strip(".-=") not in known else run

    return re.sub(_RANDOM, masked, text)


def looks_like_a_secret(text: str, plain: str = _TENANT) -> bool:
    """Return whether a text in the place of an id is probably a code or a token.

    Pasting can join an id and a secret. Ids are UUIDs, short names, or match `plain`.
    """
    kinds = (str.isupper, str.islower, str.isdigit)
    mixed = all(any(kind(sign) for sign in text) for kind in kinds)
    usual = re.fullmatch(rf"{UUID}|{plain}", text, re.IGNORECASE)
    return len(text) > _LONGEST_ID or (len(text) >= _LIKE_A_TOKEN and mixed and not usual)
