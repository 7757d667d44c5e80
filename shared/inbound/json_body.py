"""Read a request body that must be JSON, or refuse it with the reason (RFC 9110 15.5)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared import strict_json
from shared.errors import MediaTypeUnsupported, ParameterInvalid, TooLarge
from shared.outbound import content_type


def require_media_type(
    headers: Mapping[str, str], taken: Sequence[str], what: str = "This endpoint"
) -> None:
    """Raise MediaTypeUnsupported if the body is compressed, or has none of the types `taken`, if
    there are any.
    """
    if not content_type.is_uncompressed(headers):
        raise MediaTypeUnsupported(
            why="The request body has a Content-Encoding, which the app doesn't decode.",
            steps=("Send the body without Content-Encoding.",),
        )
    if taken and content_type.of(headers) not in taken:
        raise MediaTypeUnsupported(
            why=f"{what} accepts only {' or '.join(taken)}.",
            steps=(f"Send the body as {taken[0]}.",),
        )


def content(headers: Mapping[str, str], body: Callable[[int], bytes], most: int) -> bytes:
    """Return a request's body of at most `most` bytes. Raise MediaTypeUnsupported and TooLarge."""
    require_media_type(headers, (content_type.JSON,))
    try:
        return body(most)
    except TooLarge:
        size = f"{most // 1_000_000} MB" if most >= 1_000_000 else f"{most // 1000} kB"
        raise TooLarge(f"The request is larger than {size}.") from None


def parse(body: bytes, step: str, decimal: Callable[[str], Any] | None = None) -> Any:
    """Return the document in a body. Raise ParameterInvalid with the step that corrects the body.
    `decimal` reads the numbers that aren't integers.
    """
    try:
        return strict_json.parse(body, decimal)
    except (ValueError, ArithmeticError):
        raise unusable(
            "The body isn't JSON in UTF-8, is nested too deeply, repeats a property, or has too "
            "many values for its length",
            step,
        ) from None


def unusable(why: str, step: str) -> ParameterInvalid:
    """Return the refusal of a body."""
    return ParameterInvalid("The request body can't be used.", why=f"{why}.", steps=(step,))
