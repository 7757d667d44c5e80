"""Finds the files of a project's function that must not be deployed: links and files with a secret.

Anyone who can read a function's source in Google Cloud could read them. Standard library only,
because this runs before anything is installed.
"""

import json
import re
from collections.abc import Collection
from pathlib import Path

_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----")
# The names of secrets in the files of service accounts, OAuth clients, sessions and this app.
_NAMED = (
    r"(?:[a-z0-9]{1,30}[_-]?)?(?:client|app|consumer)[_-]?secret|secret[_-]?key|pass(?:word|phrase)"
    r"|(?:access|refresh|id|bearer|auth)[_-]?token|(?:private|sealing|signing|api)[_-]?keys?"
)
_SECRET = re.compile(_NAMED, re.IGNORECASE)
# Where such a name begins, also after others, as in `db_password` and `dbPassword`.
_BEGINS = r"(?:(?<![A-Za-z0-9])|(?-i:(?<=[a-z0-9])(?=[A-Z])))"
# `client_secret = "…"` in Python or JavaScript, also with a type, in parentheses or decoded, and an
# object's or a call's `clientSecret: "…"`.
_ASSIGNED = re.compile(
    (
        rf"{_BEGINS}(?:{_NAMED})[\"'\]]{{0,2}}(?:\s*:\s*[\w.\[\]| ]{{1,40}})?\s*(?::=|[:=])\s*"
        r"(?:[\w.]{0,40}(?:b64decode|fromhex|unhexlify|atob|SecretStr)\(\s*|[(\\]\s*)?"
        r"[bruf]{0,2}(?:(?:\"{3}|'{3})\\?\s*|[\"'`])([^\"'`\n]{4,})"
    ).encode(),
    re.IGNORECASE,
)
# The same with names that are often something else's, and the default of a variable, as in
# `get("API_KEY", "…")`, `secret = get("X", "…")` and `secret = x or "…"`. A value has no spaces.
_ANY_NAME = rf"(?:{_NAMED}|secret|token|passwd|pwd)"
_GET = r"\b(?:get(?:env)?|setdefault)\(\s*[\"']"
_LOOSE = re.compile(
    (
        rf"(?:(?<!-){_BEGINS}{_ANY_NAME}[\"'\]]{{0,2}}(?:\s*:\s*[\w.\[\]| ]{{1,40}})?\s*[:=](?!=)"
        rf"(?:[^\n]{{0,120}}?(?:\bor\b|\|\||\?\?|{_GET}[^\"'\n]*[\"']\s*,))?"
        rf"|{_GET}(?:\w{{0,40}}[_-])?{_ANY_NAME}[\"']\s*,)"
        r"\s*[bruf]{0,2}[\"'`]([^\s\"'`:/.(]{8,})[\"'`]"
    ).encode(),
    re.IGNORECASE,
)
_ENDS_AS_SECRET = re.compile(rf"{_BEGINS}(?:{_NAMED})\Z", re.IGNORECASE)
_MAY_END_AS_SECRET = re.compile(rf"{_BEGINS}{_ANY_NAME}\Z", re.IGNORECASE)
_LIKE_SECRET = re.compile(r"[^\s\"'`:/.(]{8,}")
_USER_INFO = re.compile(rb"://[^\s/:@\"'{<$%]+:([^\s/@\"'{<$]{4,})@[A-Za-z0-9]")
_JWT = re.compile(rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")
# References to Secret Manager or a variable, and placeholders.
_REFERENCE = re.compile(r"(?:env|file):|[<{…]|\$[{(A-Z_]|\.\.\.")
_JWK = re.compile(rb"[\"']?kty[\"']?\s*:\s*[\"'](?:RSA|EC|OKP|oct)[\"']")
_SECRET_OF_JWK = re.compile(rb"(?<![A-Za-z0-9_])[\"']?[dk][\"']?\s*:\s*[\"'][A-Za-z0-9_-]{16,}")
_SECRETS_OF_JWK = frozenset({"d", "k"})


def problems(folder: Path, allowed: Collection[str] = ()) -> list[str]:
    """Return the problems of a function's folder and of the files below it, except hidden files.

    `allowed` are the files that only look as if they contained a secret.
    """
    for path, where in ((folder.parent, "functions"), (folder, f"functions/{folder.name}")):
        if path.is_symlink():
            return [f"{where} is a link. Replace the link with the folder."]
    listed = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if is_hidden(inside):
            continue
        where = f"functions/{folder.name}/{inside}"
        if path.is_symlink():
            listed.append(f"{where} is a link, maybe to a secret. Replace the link with the file.")
        elif path.is_file() and where not in allowed and _has_secret(inside, path.read_bytes()):
            listed.append(
                f"{where} contains a private key or another secret. Move the secret out of the "
                "folder and into Secret Manager. If it isn't a secret, add the file to "
                "`not_secrets` in deployment.toml."
            )
    return listed


def is_hidden(path: Path) -> bool:
    """Return whether a path in a function's folder is never staged."""
    return any(part == "__pycache__" or part.startswith(".") for part in path.parts)


def _has_secret(path: Path, content: bytes) -> bool:
    """Return whether a file has a private key, or a secret by its name, as a member in JSON or as
    a value in code.
    """
    if _PRIVATE_KEY.search(content) or _JWT.search(content):
        return True
    # Code, or a JSON file with a comment or an error, which readers other than Python's accept.
    has_secret = _has_json_secret(content) if path.suffix == ".json" else None
    if has_secret is None:
        values = (
            value.decode("utf-8", "replace")
            for form in (_ASSIGNED, _LOOSE, _USER_INFO)
            for value in form.findall(content)
        )
        is_private_jwk = _JWK.search(content) and _SECRET_OF_JWK.search(content)
        return bool(is_private_jwk) or not all(map(_is_harmless, values))
    return has_secret


def _is_harmless(value: str) -> bool:
    """Return whether a value refers to a secret or only names one, as in `TOKEN = "id_token"`."""
    return bool(_REFERENCE.match(value) or _SECRET.fullmatch(value))


def _has_json_secret(content: bytes) -> bool | None:
    """Return whether a member of a JSON document is a secret, or None if it isn't JSON."""
    has_secret = False

    def look(members: list[tuple[str, object]]) -> None:
        nonlocal has_secret
        is_key = any(name == "kty" for name, _ in members)
        for name, value in members:
            if not isinstance(value, str) or _is_harmless(value):
                continue
            is_named = _ENDS_AS_SECRET.search(name) or (is_key and name in _SECRETS_OF_JWK)
            may_be = _MAY_END_AS_SECRET.search(name) and _LIKE_SECRET.fullmatch(value)
            has_secret = has_secret or bool((is_named and value) or may_be)

    try:
        json.loads(content, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return has_secret or None
    return has_secret
