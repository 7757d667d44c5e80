"""Make untrusted text harmless: limit, decode and clean it, and mask secrets.

RFC 3986 2.1 (EHRs encode an `error_uri` once, twice or not at all), Unicode TR 36 3.1 (bidi
overrides). Secrets are masked at every level of encoding, before the next one is decoded.
"""

import html
import re
from collections.abc import Collection
from functools import cache
from urllib.parse import unquote

from shared.errors import CodedError
from shared.explain.catalogue import ENTRIES

MOST = 200_000
_FLAGS = re.IGNORECASE | re.MULTILINE
MASK = "…"
_DEEPEST = 6
NAMES = (
    r"[a-z0-9_-]{0,30}(?:token|secret|passw(?:or)?d|verifier|assertion"
    r"|(?:api|private|sealing|encryption|signing)[_-]?keys?)|(?:id[_-]?token|login)[_-]?hint"
    r"|(?:access|refresh|id|bearer) token|(?:client|app) secret|code verifier"
    r"|(?:authorization|auth|access|device|user)[_ -]?code|code|code[_ -]?challenge|state|nonce"
    r"|launch|jsessionid|session[_ -]?(?:id|key|handle)|pwd|passphrase|otp|samlresponse"
    r"|__host-[a-z0-9_-]{1,80}"
)
# A quoted value ends at its closing quote, any other one at a character that must be encoded.
_NAMED = (
    rf"(?<![A-Za-z0-9_])(?P<name>{NAMES})"
    r"(?P<sign>[\"'`\\*\[\]]{0,4}\s{0,3}(?:=>|->|:=|[:=])\*{0,2}\s{0,3}(?:\[\s{0,3})?)"
    r"(?P<mark>\\?[\"'`])?(?P<value>(?(mark)[^\"'`\n]+|[^\s&\"'`<>]+))"
)
# Named in a tag's attribute, by the tag itself, by a part of a multipart body, or in a block below
# its name (YAML); a pair of JSON's members, as in a HAR file, in either order.
_IN_FORMS = rf"(?:{NAMES}|session)"
_TAG = r"<[a-z][^<>]{0,4000}>"
_TAG_NAME = rf"(?:name|id)\s{{0,3}}=\s{{0,3}}[\"']?(?:{_IN_FORMS})[\"'\s/>]"
_TAG_VALUE = r"(\b(?:value|content)\s{0,3}=\s{0,3})(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+)"
_SHAPED = (
    rf"(<(?:[\w.-]{{1,40}}:)?(?:{_IN_FORMS})(?:\s[^<>]{{0,500}})?>)[^<]+",
    (
        rf"(\b(?:{_IN_FORMS})\s{{0,9}}</(?:td|th|dt|b|strong|span|label)>\s{{0,99}}"
        r"(?:<[a-z][^<>]{0,200}>\s{0,99}){1,3})[^<]+"
    ),
    rf"(\bname=\"?(?:{_IN_FORMS})\"?[^\n]{{0,200}}\n(?:[^\n]{{1,200}}\n){{0,5}}\n)(?:(?!--)[^\n]*\n?)+",
    (
        rf"(^[ \t\"'-]{{0,40}}(?:{_IN_FORMS})[\"']?\s{{0,3}}:[ \t]{{0,9}}[|>][^\n]{{0,9}}\n)"
        r"(?:[ \t]+[^\n]*\n?)+"
    ),
    (
        rf"(^[ \t\"'-]{{0,40}}(?:{_IN_FORMS})[\"']?\s{{0,3}}:[ \t]{{0,9}}\n[ \t]{{1,40}})"
        r"[^\s:]+[ \t]*$"
    ),
    (
        rf"(\\?\"(?:name|key|id)\\?\"\s{{0,9}}:\s{{0,9}}\\?\"(?:{_IN_FORMS})\\?\"[^{{}}]{{0,300}}?"
        r"\\?\"value\\?\"\s{0,9}:\s{0,9}\\?\")[^\"\n]+"
    ),
    (
        r"(\\?\"value\\?\"\s{0,9}:\s{0,9}\\?\")[^\"\n]+(?=\\?\"[^{}]{0,300}?"
        rf"\\?\"(?:name|key|id)\\?\"\s{{0,9}}:\s{{0,9}}\\?\"(?:{_IN_FORMS})\\?\")"
    ),
    rf"(<(?!input|meta)[a-z][^<>]{{0,400}}{_TAG_NAME}[^<>]{{0,400}}>)[^<]+",
    r"(\\?\"(?:d|k|p|q|dp|dq|qi)\\?\"\s{0,9}:\s{0,9}\\?\")[^\"\n]+",
    r"((?:^|\s)(?:-[a-z]{0,6}u|--(?:proxy-)?user)[\s=]{0,3}[\"']?[^\s:\"']{1,200}:)[^\s\"']+",
    r"(\b[a-z][a-z0-9+.-]{1,20}://)[^\s/?#@\"'<>]{1,400}(?=@)",
)
# A header is masked to the end of its line, or to the end of its quotes inside other text.
_HEADERS = (
    r"^([\s>*<]{0,8}(?:(?:proxy-)?authorization|(?:set-)?cookie)\s{0,3}:)[^\n]*",
    (
        r"(?<![A-Za-z0-9_:-])((?:(?:proxy-)?authorization|(?:set-)?cookie)\\?[\"']?"
        r"\s{0,3}[:=]\s{0,3}\\?[\"']?)[^\"'\n]+"
    ),
)
_SCHEMES = r"\b(bearer|basic|dpop)(\s{1,3}|:\s{0,3})(?![a-z_]{1,30}=[\"\\])[A-Za-z0-9._~+/=-]{8,}"
_JWT = r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}"
_PEM = (
    r"-----BEGIN (?P<kind>[^-\n]{1,40})-----"
    r"(?:(?:(?!-----).){1,20000}-----END (?P=kind)-----|[A-Za-z0-9+/=\s\\]*)"
)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Oracle Health's tenants that aren't UUIDs, such as Y62ncCuwN85GGa7s0iz44XRnQoc9qr60.
_TENANT = r"[A-Za-z0-9]{1,36}"
_LONGEST_ID = 64
_LIKE_A_TOKEN = 20
# The digits of an escape, as in `%2Ferrors`, aren't part of what follows.
_RANDOM = r"%(?:25)*[0-9A-Fa-f]{2}|[A-Za-z0-9_~+.-]{16,}={0,2}"
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
_ASCII_ESCAPE = re.compile(r"\\u00([2-7][0-9a-fA-F])|\\x([2-7][0-9a-fA-F])")
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


def levels(text: str) -> list[str]:
    """Return the text unchanged, then each result of decoding it again until no escape remains.

    Each level is printable and without named secrets.
    """
    levels = [without_secrets(plain(bounded(text)))]
    for _ in range(_DEEPEST):
        decoded = plain(opened(levels[-1]))
        if decoded == levels[-1]:
            break
        levels.append(without_secrets(decoded))
    return levels


def opened(text: str) -> str:
    """Decode one level of encoding: percent, HTML references, JSON's escapes inside strings."""
    for written, meant in (("\\/", "/"), ('\\"', '"'), ("\\n", "\n")):
        text = text.replace(written, meant)
    text = _ASCII_ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    return unquote(html.unescape(text) if "&" in text else text, errors="replace")


def without_secrets(text: str) -> str:
    """Mask the values that are named as secrets or look like one."""
    text = re.sub(_PEM, MASK, text, flags=re.DOTALL)
    text = re.sub(_TAG, _masked_in_tag, text, flags=_FLAGS)
    for shape in _SHAPED:
        text = re.sub(shape, rf"\1{MASK}", text, flags=_FLAGS)
    for header in _HEADERS:
        text = re.sub(header, rf"\1 {MASK}", text, flags=_FLAGS)
    text = re.sub(_NAMED, _masked, text, flags=re.IGNORECASE)
    text = re.sub(_SCHEMES, rf"\1\2{MASK}", text, flags=re.IGNORECASE)
    return re.sub(_JWT, MASK, text)


def _masked_in_tag(match: re.Match[str]) -> str:
    if re.search(_TAG_NAME, match[0], re.IGNORECASE) is None:
        return match[0]
    return re.sub(_TAG_VALUE, rf'\1"{MASK}"', match[0], flags=re.IGNORECASE)


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
    codes, left = set(), [CodedError]
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
        if run.startswith("%"):
            return run
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
