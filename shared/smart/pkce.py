"""PKCE with S256, the only method that this app uses (RFC 7636 4.1, 4.2; SMART App Launch 2.2)."""

import hashlib
import secrets

from shared import base64url


def new_verifier() -> str:
    """Return a new `code_verifier`: 43 characters of base64url, 256 random bits."""
    return secrets.token_urlsafe(32)


def challenge(code_verifier: str) -> str:
    """Return the `code_challenge` for S256: BASE64URL(SHA256(ASCII(code_verifier))), unpadded."""
    return base64url.encode(hashlib.sha256(code_verifier.encode("ascii")).digest())
