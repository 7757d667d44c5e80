"""PKCE with S256, the only method ever used (RFC 7636 4.1, 4.2; SMART App Launch 2.2, PKCE)."""

import base64
import hashlib
import secrets


def new_verifier() -> str:
    """A fresh `code_verifier`: 43 characters of base64url, 256 random bits."""
    return secrets.token_urlsafe(32)


def challenge(code_verifier: str) -> str:
    """The `code_challenge` for S256: BASE64URL(SHA256(ASCII(code_verifier))), unpadded."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
