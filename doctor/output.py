"""What a command prints: for terminals of any alphabet, and for readers who stop early."""

import io
import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """Emphasis, where what is printed goes to a terminal that shows it (https://no-color.org)."""

    on: bool

    @classmethod
    def of_output(cls) -> "Marks":
        """As standard output takes it: none in a pipe or a file."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return cls(sys.stdout.isatty() and not plain)

    def strong(self, text: str) -> str:
        """The text in bold."""
        return f"\x1b[1m{text}\x1b[0m" if self.on else text

    def colour(self, text: str, code: int) -> str:
        """The text in one of the terminal's own colours: 31 red, 32 green, 33 yellow."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text


def put(text: str) -> None:
    """Print the text. A reader that has gone (`| head -1`) has read enough and is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another alphabet shows a question mark for what it does not have.
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # What is still buffered goes nowhere, so that Python does not complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
