"""Make an entry of the catalogue, with defaults for the fields that follow from others."""

from dataclasses import replace

from shared.explain.model import Cause, Entry, Where


def entry(
    key: str,
    meaning: str,
    *causes: Cause,
    where: Where,
    source: str = "inferred",
    says: str = "",
    urns: tuple[str, ...] = (),
    oauth_errors: tuple[str, ...] = (),
    patterns: tuple[str, ...] = (),
    about: tuple[str, ...] = (),
    alone: bool = False,
    statuses: tuple[int, ...] = (),
    lacks: tuple[str, ...] = (),
) -> Entry:
    """Return an entry. `says` defaults to the first URN, and a cause's source to the entry's."""
    return Entry(
        key=key,
        says=says or urns[0],
        where=where,
        urns=urns,
        oauth_errors=oauth_errors,
        patterns=patterns,
        about=about,
        alone=alone,
        statuses=statuses,
        lacks=lacks,
        meaning=meaning,
        causes=tuple(replace(one, source=one.source or source) for one in causes),
        source=source,
    )
