"""`smart-calc issuers convert`: adds a published list's FHIR bases to issuers/KEY.txt.

Nothing is removed from the file: a list that a vendor shortened by mistake must not shut hospitals
out. Remove a line in an editor.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from doctor import issuer_lists, output
from doctor.issuer_lists import Judged

MOST_BYTES = 200_000_000
_MOST_SHOWN = 20
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 0 if the file was written, 1 if not, 2 for invalid arguments."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if not _KEY.fullmatch(parsed.ehr):
        parser.error("--ehr is the key of an [[ehr]] entry: a-z, 0-9 and hyphens")
    file = Path(parsed.out or f"issuers/{parsed.ehr}.txt")
    try:
        return _convert(text_of(parsed.file), file)
    except ValueError as error:
        sys.stderr.write(f"Nothing was written: {error}.\n")
        return 1


def text_of(name: str, what: str = "list", most: int = MOST_BYTES) -> str:
    """Return a text from a file or, for `-`, standard input. `what` it is, such as a list, is for
    messages. Raise ValueError if that fails or there are more than `most` bytes.
    """
    try:
        if name == "-":
            if sys.stdin.isatty():
                sys.stderr.write(f"Paste the {what}, then press Ctrl-D:\n")
            content = sys.stdin.buffer.read(most + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(most + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{name} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the {what} isn't UTF-8 text") from None
    if len(content) > most:
        raise ValueError(f"the {what} has more than {most:,} bytes")
    return text


def shown(title: str, lines: Sequence[object]) -> str:
    """Return the first lines below a title, and how many more there are; empty without lines."""
    if not lines:
        return ""
    more = len(lines) - _MOST_SHOWN
    told = [f"\n{title}", *(f"  {line}" for line in lines[:_MOST_SHOWN])]
    return "\n".join([*told, *([f"  and {more:,} more"] if more > 0 else [])])


def _convert(text: str, file: Path) -> int:
    result = Judged()
    comments: list[str] = []
    if file.is_file():
        existing = text_of(str(file))
        comments = [line for line in existing.splitlines() if line.startswith("#")]
        result = issuer_lists.judged(existing)
        if result.refused:
            raise ValueError(f"{file} has a line that can't be used, {result.refused[0]}")
    known = set(result.bases)
    result.repeated, result.renamed = 0, []
    for listed in issuer_lists.read(text):
        result.add(listed)
    found = set(issuer_lists.judged(text).bases)
    if not found:
        sys.stderr.write("Nothing was written: the list has no usable address.\n")
        sys.stderr.write(shown("Refused:", result.refused) + "\n")
        return 1
    _write(file, comments, result)
    counts = (
        f"{len(found - known):,} new, {len(found & known):,} known, "
        f"{len(result.refused):,} refused; {len(result.bases):,} FHIR bases in {file}"
    )
    absent = len(known - found)
    kept = f", {absent:,} of which aren't in this list" if absent else ""
    refused = shown("Refused:", result.refused)
    renamed = shown("A base with two names keeps the first:", result.renamed)
    output.put(f"{counts}{kept}.{refused}{renamed}")
    return 0


def _write(file: Path, comments: Sequence[str], result: Judged) -> None:
    lines = ["\t".join((base, *labels)).rstrip("\t") for base, labels in result.bases.items()]
    text = "\n".join([*comments, *sorted(lines), ""])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"{file.name}.new")
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, file)  # noqa: PTH105 - the same in fewer words
    except OSError as error:
        raise ValueError(f"{file} can't be written: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smart-calc issuers",
        description="Maintains the files with FHIR bases that `issuers` in smart.toml names.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    convert = commands.add_parser(
        "convert",
        help="add a published list's FHIR bases to issuers/KEY.txt",
        description="Reads a FHIR Bundle of Endpoints or User-access Brands, CSV with a column "
        "`url` or `base_url`, or one address per line, and adds the FHIR bases to issuers/KEY.txt.",
        allow_abbrev=False,
    )
    convert.add_argument("--ehr", metavar="KEY", required=True, help="the key of the [[ehr]] entry")
    convert.add_argument("file", metavar="FILE", nargs="?", default="-", help="(standard input)")
    convert.add_argument("--out", metavar="FILE", help="(issuers/KEY.txt)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
