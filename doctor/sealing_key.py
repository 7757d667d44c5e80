"""`python -m doctor sealing-key`: makes a new key for `sealing_keys` (docs/configuration.md)."""

import argparse
import secrets

from doctor import output
from shared import base64url

# AES-256 (shared/sealing.py).
_BYTES = 32


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; it runs as `run` of the parsed arguments."""
    parser = commands.add_parser(
        "sealing-key",
        help="create a new key for sealing_keys",
        description="Prints 32 random bytes as base64url and doesn't store them.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=_run)


def _run(_: argparse.Namespace) -> int:
    output.put(base64url.encode(secrets.token_bytes(_BYTES)))
    return 0
