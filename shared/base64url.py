"""Base64url, written without padding (RFC 4648 5; RFC 7515 2)."""

import base64


def encode(data: bytes) -> str:
    """The bytes as text."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes behind a text, padded or not. Raises ValueError for other characters.

    Several texts may mean the same bytes: where one spelling alone may be taken, compare with
    what `encode` writes.
    """
    unpadded = text.rstrip("=")
    return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), b"-_", validate=True)
