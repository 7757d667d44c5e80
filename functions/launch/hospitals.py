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
_BETWEEN_WORDS = re.compile(r"[^\w\n]+|_+")


class Hospital(NamedTuple):
    """One choice. Its name is the host of the FHIR base if the file has no name for it."""

    name: str
    place: str
    base: str


class Hospitals:
    """The hospitals of one registration, sorted by name."""

    def __init__(self, hospitals: list[Hospital]) -> None:
        names = _plain("\n".join(one.name for one in hospitals)).split("\n")
        places = _plain("\n".join(one.place for one in hospitals)).split("\n")
        # A space in front of each word, also the first, so that a search finds where words begin.
        rows = (
            (f" {name.strip()}", f" {place.strip()}", hospital)
            for name, place, hospital in zip(names, places, hospitals, strict=True)
        )
        self._rows = sorted(rows, key=itemgetter(0))

    def find(self, text: str) -> list[Hospital]:
        """Return hospitals whose name begins with a text, then those with a word in the name that
        does, then those with a place; one more than MOST if there are more. Case, accents and
        punctuation are ignored.
        """
        wanted = f" {_plain(text.replace(chr(10), ' ')).strip()}"
        if wanted == " ":
            return []
        first, word, place = [], [], []
        for name, town, hospital in self._rows:
            if name.startswith(wanted):
                first.append(hospital)
            elif wanted in name:
                word.append(hospital)
            elif wanted in town:
                place.append(hospital)
        return [*first, *word, *place][: MOST + 1]


def _plain(text: str) -> str:
    """Return a text without case, accents and punctuation."""
    letters = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    return _BETWEEN_WORDS.sub(" ", letters)


def read(settings: Settings, ehr: Ehr, folder: Path) -> Hospitals:
    """Return the hospitals of a registration with a file. Only bases that a launch accepts are
    among them.
    """
    try:
        lines = issuers.text_of(folder / (ehr.issuers or "")).split("\n")
    except ValueError as error:
        raise Misconfigured(evidence={"issuers": str(error)}) from None
    accepted = settings.issuers.get(ehr.issuers or "", frozenset())
    found: dict[str, Hospital] = {}
    for line in lines:
        written, _, labels = line.partition("\t")
        base = written if written in accepted else _normal(written)
        if base in accepted and base not in found:
            name, _, place = labels.partition("\t")
            found[base] = Hospital(name or urls.authority(base), place, base)
    for base in ehr.iss:
        if not base.endswith("/*"):
            found.setdefault(base, Hospital(urls.authority(base), "", base))
    return Hospitals(list(found.values()))


def _normal(base: str) -> str:
    try:
        return urls.normalise_base(base)
    except ValueError:
        return ""
