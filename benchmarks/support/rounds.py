"""The rounds of a measurement, so that the whole benchmark ends in time on a slow machine."""

import time
from collections.abc import Iterator


def rounds(most: int, seconds: float, least: int = 5) -> Iterator[int]:
    """Count rounds up to `most`, but after that many seconds only up to `least`."""
    until = time.monotonic() + seconds
    for number in range(most):
        if number >= least and time.monotonic() >= until:
            return
        yield number
