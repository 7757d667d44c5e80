"""The hospitals that a person can choose from, by name and place (`chooser` in smart.toml).

The names are read at the first search, because most instances never search.
"""

import re
import unicodedata
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from shared import urls
from shared.config import issuers
from shared.config.settings import Ehr, Settings
from shared.errors import Misconfigured

MOST = 20
FEWEST_CHARACTERS = 3
_ACCENTS = re.compile("[\u0300-\u036f]+")
_MARKS = re.compile(r"[^\w\x00-\x7f]+")
# Bytes, because a regular expression for these takes 0.1 s for 30,000 hospitals.
_ASCII_MARKS = bytes(
    code if chr(code).isalnum() or code > 127 or code in b"\t\n" else 32 for code in range(256)
)


class Hospital(NamedTuple):
    """One choice. Its name is the host of the FHIR base if the file has no name for it."""

    name: str
    place: str
    base: str


class Hospitals:
    """The hospitals of one registration, sorted by name. Each line has base, name and place."""

    def __init__(self, lines: list[str]) -> None:
        labels = _plain("\n".join(line.partition("\t")[2] for line in lines)).split("\n")
        self._lines = sorted(zip(labels, lines, strict=True), key=itemgetter(0))

    def find(self, text: str) -> list[Hospital]:
        """Return hospitals whose name begins with a text, then those with a word in the name that
        does, then those with a place; one more than MOST if there are more. Case, accents and
        punctuation are ignored.
        """
        wanted = _plain(" ".join(text.split())).rstrip()
        if not wanted:
            return []
        first, word, place = [], [], []
        for labels, line in self._lines:
            if wanted not in labels:
                continue
            if labels.startswith(wanted):
                first.append(line)
            elif wanted in labels.partition("\t")[0]:
                word.append(line)
            else:
                place.append(line)
        return [_hospital(line) for line in [*first, *word, *place][: MOST + 1]]


def _hospital(line: str) -> Hospital:
    base, name, place = line.split("\t")
    return Hospital(name, place, base)


def _plain(text: str) -> str:
    """Return lines of labels without case, accents and punctuation, with a space before each word,
    also the first, so that a search finds where words begin.
    """
    letters = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    starts = f" {_MARKS.sub(' ', letters)}".replace("\n", "\n ").replace("\t", "\t ")
    plain = starts.encode("utf-8", "replace").translate(_ASCII_MARKS).decode()
    while "  " in plain:
        plain = plain.replace("  ", " ")
    return plain


def read(settings: Settings, ehr: Ehr, folder: Path) -> Hospitals:
    """Return the hospitals of a registration with a file. Only bases that a launch accepts are
    among them.
    """
    try:
        lines = issuers.text_of(folder / (ehr.issuers or "")).split("\n")
    except ValueError as error:
        raise Misconfigured(evidence={"issuers": str(error)}) from None
    accepted = settings.issuers.get(ehr.issuers or "", frozenset())
    found: dict[str, str] = {}
    for line in lines:
        written, _, labels = line.partition("\t")
        base = written if written in accepted else urls.base_of(written)
        if base in accepted and base not in found:
            found[base] = labels
    for base in ehr.literal_iss:
        found.setdefault(base, "")
    return Hospitals([_line(base, labels) for base, labels in found.items()])


def _line(base: str, labels: str) -> str:
    name, _, place = labels.partition("\t")
    return f"{base}\t{name or urls.authority(base)}\t{place}"
