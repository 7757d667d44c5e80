"""What could not be read is read again: `POST /smart_calc/SESSION/unread`.

Nothing of a chart is kept, so with what is missing everything is read that is made of it: then the
calculators are made as for the page. The answer is parts of the page, which take the place of the
earlier ones; what was read before and fails now keeps its place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from clinical import queries
from clinical.calculators import REGISTRY
from shared import log, strict_json
from shared.config.settings import Settings
from shared.errors import ParameterInvalid
from shared.session.sessions import Active

from . import reading, unclassified
from .page import tables
from .parts import PageParts
from .reading.awaited import awaited

_FORM = 'The body must be {"searches": [NAME, …], "offset": MINUTES or null}.'
_MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Missing:
    """The searches that gave nothing, or not all; the offset of the page's time zone in minutes,
    None where the page has none yet.
    """

    searches: frozenset[str]
    offset: int | None


def parse(body: bytes) -> Missing:
    """Read the body of a request. Raises ParameterInvalid, naming what is wrong."""
    try:
        document = strict_json.parse(body)
    except ValueError:
        raise _invalid("The body isn't JSON") from None
    if not isinstance(document, dict) or document.keys() != {"searches", "offset"}:
        raise _invalid("The body doesn't have the properties `searches` and `offset`")
    names, offset = document["searches"], document["offset"]
    if (
        not isinstance(names, list)
        or not names
        or not reading.PURPOSES.keys() >= set(map(str, names))
    ):
        raise _invalid("`searches` isn't a list of searches")
    if offset is not None and (
        isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) >= _MOST_MINUTES
    ):
        raise _invalid("`offset` isn't a number of minutes")
    return Missing(frozenset(map(str, names)), offset)


def answer(
    settings: Settings, active: Active, patient: str, missing: Missing, now: datetime
) -> str:
    """The parts that have been read now. Raises SessionExpired or SessionMissing."""
    searches = queries.searches(active.ehr.profile.searches)
    names = missing.searches
    if "patient" in names:
        # Nothing is shown without the patient.
        names = frozenset(one.name for one in searches)
    waiting = [wanted for one in REGISTRY.values() if (wanted := awaited(one, searches)) & names]
    waiting += [wanted for wanted in (tables.READ_BY, unclassified.READ_BY) if wanted & names]
    searching = reading.begin(active, patient, now, frozenset({"patient"}).union(names, *waiting))
    try:
        *_, parts = searching.so_far()
    finally:
        searching.arrivals.close()
    offset = missing.offset
    zone = None if offset is None else timezone(timedelta(minutes=offset))
    made = "".join(PageParts(settings, active, searching, zone=zone).again(parts, names))
    log.event("app_read_again", "what was missing has been read again")
    return made


def _invalid(what: str) -> ParameterInvalid:
    return ParameterInvalid(f"{what}.", why=_FORM, steps=("Send the body in that form.",))
