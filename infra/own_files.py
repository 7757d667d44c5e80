"""Finds the files of a project's function that must not be deployed: links and files with a secret.

Anyone who can read a function's source in Google Cloud could read them. Standard library only,
because this runs before anything is installed.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
# The secret members of key files of service accounts and OAuth clients, and of a JWK.
_SECRETS = frozenset({"private_key", "client_secret", "refresh_token"})
_SECRETS_OF_JWK = frozenset({"d", "k"})


def problems(folder: Path) -> list[str]:
    """Return the problems of the files below a function's folder, except hidden files."""
    listed = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if is_hidden(inside):
            continue
        where = f"functions/{folder.name}/{inside}"
        if path.is_symlink():
            listed.append(f"{where} is a link, maybe to a secret. Replace the link with the file.")
        elif path.is_file() and _has_secret(inside, path.read_bytes()):
            listed.append(
                f"{where} contains a private key or another secret. Move the secret out of the "
                "folder and into Secret Manager."
            )
    return listed


def is_hidden(path: Path) -> bool:
    """Return whether a path in a function's folder is never staged."""
    return any(part == "__pycache__" or part.startswith(".") for part in path.parts)


def _has_secret(path: Path, content: bytes) -> bool:
    """Return whether a file has a private key as PEM, or a JSON file has a secret member."""
    has_secret = _PRIVATE_KEY.search(content) is not None

    def look(members: Mapping[str, object]) -> None:
        nonlocal has_secret
        secret = _SECRETS | (_SECRETS_OF_JWK if "kty" in members else frozenset())
        has_secret = has_secret or any(isinstance(members.get(name), str) for name in secret)

    if path.suffix == ".json":
        # A file that isn't JSON has no members.
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(content, object_hook=look)
    return has_secret
