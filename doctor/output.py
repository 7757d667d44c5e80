"""What a command prints: for terminals of any alphabet, and for readers who stop early."""

import io
import os
import sys


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
