"""The app's two kinds of cookies and their attributes (RFC 6265bis; CHIPS `Partitioned`).

An EHR shows the app in an iframe, so cookies are SameSite=None and partitioned. Because SameSite
protects nothing then, shared/inbound/edge.py decides who may call. The `__Host-` prefix keeps other
hosts from setting these cookies. Their values start with a time, in base 36, which shows the oldest
cookie.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

from shared import base64url

LAUNCH_PREFIX = "__Host-launch-"
SESSION_PREFIX = "__Host-smart-"

_ATTRIBUTES = "Secure; HttpOnly; Path=/; SameSite=None; Partitioned"
_NAME = re.compile(rf"(?:{LAUNCH_PREFIX}|{SESSION_PREFIX})[A-Za-z0-9_-]{{1,64}}")
_VALUE = re.compile(r"[A-Za-z0-9._-]{1,256}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Cookies = Mapping[str, tuple[str, ...]]


def parse(headers: Iterable[str]) -> Cookies:
    """Return our cookies in Cookie headers: each name with its values, several if the name is
    repeated.
    """
    values: dict[str, list[str]] = {}
    for pair in ";".join(headers).split(";"):
        # Other white space is part of the name: browsers see no `__Host-` prefix behind it.
        name, _, value = pair.strip(" \t").partition("=")
        if _NAME.fullmatch(name):
            values.setdefault(name, []).append(value if _VALUE.fullmatch(value) else "")
    return {name: tuple(repeated) for name, repeated in values.items()}


def set_cookie(name: str, value: str, max_age: int | None = None) -> str:
    """Return a Set-Cookie header. Without `max_age`, closing the browser deletes the cookie."""
    age = "" if max_age is None else f"; Max-Age={max_age}"
    return f"{name}={value}{age}; {_ATTRIBUTES}"


def clear_cookie(name: str) -> str:
    """Return a Set-Cookie header that deletes a cookie. Browsers require the same attributes for
    that.
    """
    return set_cookie(name, "", max_age=0)


def launch_name(state: str) -> str:
    """Return the name of the cookie that ties a pending launch to its browser."""
    return LAUNCH_PREFIX + base64url.encode(hashlib.sha256(state.encode()).digest())[:16]


def session_name(handle: str) -> str:
    """Return the name of the cookie that opens a session."""
    return SESSION_PREFIX + handle


def time_stamp(now: float) -> str:
    """Return Unix seconds in base 36."""
    number, digits = int(now), ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def oldest_beyond(cookies: Cookies, prefix: str, most: int) -> list[str]:
    """Return the oldest cookies under a prefix beyond `most`, by the time at the start of their
    value.
    """

    def begun(name: str) -> int:
        stamp = cookies[name][0].partition(".")[0]
        return int(stamp, 36) if re.fullmatch(r"[0-9a-z]{1,12}", stamp) else 0

    names = sorted((name for name in cookies if name.startswith(prefix)), key=begun)
    return names[: max(0, len(names) - most)]
