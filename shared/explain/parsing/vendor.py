"""Find who speaks in a text: the vendors that it shows, and those that its writer only names.

A URN, a host, a path or a header shows a vendor. A name in a sentence may be a remark.
"""

import re

from shared.frozen import dataclass
from shared.vendors import Persona, Profile, everyone


@dataclass(frozen=True, slots=True)
class Seen:
    """The vendors that a text mentions, each kind in the order of `shared.vendors.everyone`."""

    shown: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def first(self) -> str | None:
        """The vendor that the text is most probably about."""
        return next(iter((*self.shown, *self.named)), None)


def seen_in(urn: str | None, text: str) -> Seen:
    """Return the vendors that a text mentions. A URN excludes all other vendors."""
    if urn is not None:
        mine = vendor_of_urn(urn)
        return Seen((mine,) if mine else ())
    low = text.lower()
    hosts = [one.name for one in everyone() if any(sign in low for sign in one.signs.addresses)]
    paths = [one.name for one in everyone() if any(sign in low for sign in one.signs.paths)]
    places = {one.name: _place(one, text, low) for one in everyone()}
    # The first name comes first: a comparison with another vendor follows later.
    named = sorted((one for one in places if places[one] < len(text)), key=places.__getitem__)
    return Seen(tuple(dict.fromkeys((*hosts, *paths))), tuple(named))


def _place(one: Profile, text: str, low: str) -> int:
    # A substring is found much faster than a word.
    names = ((sign, low) for sign in one.signs.names if sign in low)
    written = ((sign, text) for sign in (one.signs.word,) if sign is not None and sign in text)
    places = [
        match.start()
        for sign, within in (*names, *written)
        if (match := re.search(rf"(?<![\w.-]){re.escape(sign)}(?![\w-])", within))
    ]
    return min(places, default=len(text))


def vendor_of_urn(urn: str) -> str | None:
    """Return the vendor with this URN prefix."""
    return next((one.name for one in everyone() if urn.startswith(one.signs.urns)), None)


def persona_of(base: str) -> Persona | None:
    """Return the kind of user at a FHIR base, if its host shows it."""
    return next(
        (
            persona
            for one in everyone()
            for persona, host in one.signs.hosts.items()
            if re.match(host, base)
        ),
        None,
    )
