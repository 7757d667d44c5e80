"""The media type and the content coding of a message, from its headers (RFC 9110 8.3, 8.4)."""

from collections.abc import Mapping

JSON = "application/json"


def of(headers: Mapping[str, str]) -> str:
    """Return the media type without parameters, in lowercase."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def is_uncompressed(headers: Mapping[str, str]) -> bool:
    """Return whether the body has no content coding."""
    return headers.get("content-encoding", "").strip().lower() in {"", "identity"}
