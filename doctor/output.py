"""Prints command output, even if the terminal has another encoding or the reader stops early."""

import io
import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """Emphasis, only if the output is a terminal that supports it (https://no-color.org)."""

    on: bool

    @classmethod
    def of_output(cls) -> "Marks":
        """Return the marks for stdout, which are off for a pipe or a file."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return cls(sys.stdout.isatty() and not plain)

    def strong(self, text: str) -> str:
        """Return the text in bold."""
        return f"\x1b[1m{text}\x1b[0m" if self.on else text

    def color(self, text: str, code: int) -> str:
        """Return the text in a terminal color: 31 red, 32 green, 33 yellow."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text


def put(text: str) -> None:
    """Print the text. A reader that has stopped (`| head -1`) isn't an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal with another encoding shows a question mark for unsupported characters.
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Discard the buffered output, so that Python doesn't report an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
