"""Retry of the searches that failed: `POST /smart_calc/SESSION/unread`.

The app keeps nothing from a chart. So it repeats the missing searches and all others that the same
parts of the page need. The response has new parts that replace the old ones. If a part that was
read before fails now, the old one stays.
"""

from datetime import datetime, timedelta, timezone

from clinical import queries
from clinical.calculators import REGISTRY
from shared import log
from shared.config.settings import Settings
from shared.frozen import dataclass
from shared.inbound import json_body
from shared.inbound.departed import stop_if_gone
from shared.session.sessions import Active

from . import reading, unclassified
from .page import tables
from .parts import PageParts
from .reading.awaited import awaited

_FORM = 'The body must be {"searches": [NAME, …], "offset": MINUTES or null}.'
_MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Missing:
    """The failed or incomplete searches, and the page's UTC offset in minutes.

    The offset is None if the page has no time zone yet.
    """

    searches: frozenset[str]
    offset: int | None


def parse(body: bytes) -> Missing:
    """Read the body of a request. Raises ParameterInvalid, naming what is wrong."""
    document = json_body.parse(body, _FORM)
    if not isinstance(document, dict) or document.keys() != {"searches", "offset"}:
        raise json_body.unusable(
            "The body doesn't have the properties `searches` and `offset`", _FORM
        )
    names, offset = document["searches"], document["offset"]
    if (
        not isinstance(names, list)
        or not names
        or not reading.PURPOSES.keys() >= set(map(str, names))
    ):
        raise json_body.unusable("`searches` isn't a list of searches", _FORM)
    if offset is not None and (
        isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) >= _MOST_MINUTES
    ):
        raise json_body.unusable("`offset` isn't a number of minutes", _FORM)
    return Missing(frozenset(map(str, names)), offset)


def answer(
    settings: Settings, active: Active, patient: str, missing: Missing, now: datetime
) -> str:
    """Return the HTML of parts that could be read now. Raises SessionExpired or SessionMissing."""
    searches = queries.searches(active.ehr.profile.searches, active.ehr.codes)
    names = missing.searches
    if "patient" in names:
        # Without the patient, the page shows nothing, so read everything.
        names = frozenset(one.name for one in searches)
    waiting = [wanted for one in REGISTRY.values() if (wanted := awaited(one, searches)) & names]
    waiting += [wanted for wanted in (tables.READ_BY, unclassified.READ_BY) if wanted & names]
    searching = reading.begin(active, patient, now, frozenset({"patient"}).union(names, *waiting))
    parts = searching.completed()
    stop_if_gone()
    offset = missing.offset
    zone = None if offset is None else timezone(timedelta(minutes=offset))
    html = "".join(PageParts(settings, active, searching, zone=zone).again(parts, names))
    log.event("app_read_again", "missing searches were repeated", fields=searching.local_codes())
    return html
