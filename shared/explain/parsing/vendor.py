"""Guess the vendor of a text from its URN, then from hosts, then from product names."""

import re
from collections.abc import Callable

from shared.vendors import Persona, Signs, everyone


def vendor_of(urn: str | None, text: str) -> str | None:
    """Return the vendor's name as in the catalogue, None if it's unclear."""
    if urn is not None:
        return vendor_of_urn(urn)
    low = text.lower()
    # Compare hosts before names, because a post about one EHR may mention another.
    return (
        _first(lambda signs: any(sign in low for sign in signs.addresses))
        or _first(lambda signs: any(sign in low for sign in signs.paths))
        or _first(lambda signs: any(sign in low for sign in signs.names))
        or _first(
            lambda signs: (
                signs.word is not None
                and re.search(rf"\b{re.escape(signs.word)}\b", text) is not None
            )
        )
    )


def vendor_of_urn(urn: str) -> str | None:
    """Return the vendor with this URN prefix."""
    return _first(lambda signs: urn.startswith(signs.urns))


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


def _first(fits: Callable[[Signs], bool]) -> str | None:
    return next((one.name for one in everyone() if fits(one.signs)), None)
