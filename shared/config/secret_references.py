"""Resolve `env:` and `file:` references to secrets, only in the functions that use the secrets."""

import os
from collections.abc import Sequence
from pathlib import Path

from shared import base64url
from shared.config.settings import Settings
from shared.config.settings_file import reason, stop
from shared.config.table import Problem

MAX_CHARACTERS = 200_000


def resolve(reference: str) -> str:
    """Return the secret of an `env:` or `file:` reference. If that fails, raise ValueError with the
    reference.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
    else:
        try:
            with Path(name).open(encoding="utf-8") as file:
                value = file.read(MAX_CHARACTERS + 1)
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{reference} cannot be read: {reason(error)}") from None
    if len(value) > MAX_CHARACTERS:
        raise ValueError(
            f"{reference} cannot be read: it is longer than {MAX_CHARACTERS} characters"
        )
    if not value.strip():
        raise ValueError(f"{reference} is not set or empty")
    return value.strip()


def read(
    reference: str | None,
    place: str,
    problems: list[Problem],
    step: str = "Mount the secret where this function runs.",
) -> str | None:
    """Return the secret of a setting. None if it has none, or can't be read, which is a problem."""
    try:
        return None if reference is None else resolve(reference)
    except ValueError as error:
        problems.append(Problem.at("secret_unreadable", place, str(error), step))
        return None


def resolve_sealing_keys(settings: Settings, others: Sequence[Problem] = ()) -> tuple[bytes, ...]:
    """Return the encryption keys in the configured order.

    If a key can't be used or there are `others`, exit and report all problems at once.
    """
    keys, problems = read_sealing_keys(settings)
    if problems or others:
        stop([*others, *problems])
    return keys


def read_sealing_keys(settings: Settings) -> tuple[tuple[bytes, ...], list[Problem]]:
    """Return the usable encryption keys in the configured order, and the others' problems."""
    keys: list[bytes] = []
    problems: list[Problem] = []
    for index, reference in enumerate(settings.sealing_keys):
        place = f"sealing_keys[{index}]"
        value = read(reference, place, problems)
        if value is None:
            continue
        try:
            key = base64url.decode(value)
        except ValueError:
            key = b""
        if len(key) == 32:
            keys.append(key)
        else:
            problems.append(
                Problem.at(
                    "sealing_key_invalid",
                    place,
                    f"{reference} isn't 32 bytes as base64url",
                    "Create a key: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
                )
            )
    return tuple(keys), problems
