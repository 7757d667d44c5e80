"""Encode and decode base64url, without padding (RFC 4648 5; RFC 7515 2)."""

import base64


def encode(data: bytes) -> str:
    """Encode bytes as text."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Decode a text, padded or not. Raise ValueError for other characters.

    Several texts can mean the same bytes. To accept only one spelling, compare with `encode`.
    """
    unpadded = text.rstrip("=")
    return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), b"-_", validate=True)
