"""Make untrusted text harmless: limit, decode and clean it, and mask secrets.

RFC 3986 2.1 (EHRs encode an `error_uri` once, twice or not at all), Unicode TR 36 3.1 (bidi
overrides). Secrets are masked at every level of encoding, before the next one is decoded.
"""

import html
import re
from collections.abc import Collection
from urllib.parse import unquote

from shared.explain.parsing.named import MASK, values

MOST = 200_000
DEEPEST = 6
# An escape of an escape and so on, deeper than any program writes it. Its word is masked.
_TOO_DEEP = re.compile(r"%(?:25){6}|&(?:amp;){6}|\\{65}")
# html.unescape fails at a number with thousands of digits.
_NUMBER = re.compile(r"&#(?:([xX])0*([0-9a-fA-F]{1,7})[0-9a-fA-F]*|0*([0-9]{1,7})[0-9]*)")
# What has the form of a secret, whatever its name: a JWT, a key, the password of a URL,
# the password and cookies of curl, the private members of a JWK.
_FORMS = re.compile(
    r"(?:(?=[e\\\"-])|(?<=//))(?:\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}"
    r"|-----BEGIN (?P<kind>[^-\n]{1,40})-----(?:(?:(?!-----)[\s\S]){1,20000}-----END (?P=kind)-----"
    r"|[A-Za-z0-9+/=\s\\]*)|(?<=//)[^\s/?#@\"'<>]{1,400}(?=@)|\\?\"(?:d|k|p|q|dp|dq"
    r"|qi)\\?\"\s{0,9}:\s{0,9}\\?\"(?P<member>[^\"\n]+)|(?<!\S)(?:-[a-zA-Z]{0,6}u"
    r"|--(?:proxy-)?user)[\s=]{0,3}[\"']?[^\s:\"']{1,200}:(?P<user>[^\s\"']+)|(?<!\S)(?:-b"
    r"|--cookie)[\s=]{1,3}[\"']?(?P<cookie>[^\s=\"']{1,80}=[^\n\"']+))"
)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Oracle Health's tenants that aren't UUIDs, such as Y62ncCuwN85GGa7s0iz44XRnQoc9qr60.
_TENANT = r"[A-Za-z0-9]{1,36}"
_LONGEST_ID = 64
_LIKE_A_TOKEN = 20
# The digits of an escape, as in `%2Ferrors`, aren't part of what follows.
_RANDOM = r"%(?:25)*[0-9A-Fa-f]{2}|[A-Za-z0-9_~+.-]{16,}={0,2}"
# A module or a class of a program.
_DOTTED = re.compile(r"[A-Za-z_]{1,40}\d{0,4}(?:\.[A-Za-z_]{1,40}\d{0,4}){1,8}")
_ASCII_ESCAPE = re.compile(r"\\u00([2-7][0-9a-fA-F])|\\x([2-7][0-9a-fA-F])")


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
    for _ in range(DEEPEST):
        decoded = opened(levels[-1])
        if decoded == levels[-1]:
            break
        levels.append(without_secrets(decoded))
    return levels


def opened(text: str) -> str:
    """Decode one level of encoding: percent, HTML references, JSON's escapes inside strings."""
    for written, meant in (("\\/", "/"), ('\\"', '"'), ("\\n", "\n")):
        text = text.replace(written, meant)
    text = _ASCII_ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    if "&" in text:
        text = html.unescape(_NUMBER.sub(r"&#\1\2\3", text))
    return plain(unquote(text, errors="replace"))


def without_secrets(text: str) -> str:
    """Mask the values that are named as secrets or look like one."""
    if _TOO_DEEP.search(text) is not None:
        text = re.sub(r"\S+", lambda word: MASK if _TOO_DEEP.search(word[0]) else word[0], text)
    spans = [*values(text)]
    for match in _FORMS.finditer(text):
        part = match.lastgroup
        spans.append(match.span(part if part in {"member", "user", "cookie"} else 0))
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += (text[done:start], MASK)
        done = max(done, end)
    return "".join((*parts, text[done:]))


def without_random(text: str, known: Collection[str]) -> str:
    """Mask every long run of letters and digits that isn't in `known`, because a secret's name may
    be missing or misspelled.
    """

    def masked(match: re.Match[str]) -> str:
        run = match[0]
        if run.startswith("%") or _DOTTED.fullmatch(run):
            return run
        mixed = any(sign.isdigit() for sign in run) and any(sign.isalpha() for sign in run)
        return MASK if mixed and run.lower().strip(".-=") not in known else run

    return re.sub(_RANDOM, masked, text)


def looks_like_a_secret(text: str, plain: str = _TENANT) -> bool:
    """Return whether a text in the place of an id is probably a code or a token.

    Pasting can join an id and a secret. Ids are UUIDs, short names, or match `plain`.
    """
    if len(text) < _LIKE_A_TOKEN:
        return False
    kinds = (str.isupper, str.islower, str.isdigit)
    mixed = all(any(kind(sign) for sign in text) for kind in kinds)
    usual = re.fullmatch(rf"{UUID}|{plain}", text, re.IGNORECASE)
    return len(text) > _LONGEST_ID or (mixed and not usual)
