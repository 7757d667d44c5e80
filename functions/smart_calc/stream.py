"""The page as it is sent: its frame with a row for each calculator at once, then each part as it
comes.

One answer, and nothing that needs a script: a part is sent when what it is made of has been read,
and a slot of the frame (declarative shadow DOM, HTML "shadowrootmode") puts it in its place, for
the eye as for keyboard and screen reader. Until then that place says that it's being read. What is
found out when the answer is under way, such as the end of the session, is told at its place.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache

from markupsafe import Markup

from shared import json_members, log
from shared.config.settings import Settings
from shared.inbound.refusal import Refusal
from shared.session.sessions import Active

from . import rows, ungranted
from .page import wording
from .parts import PageParts, dense
from .reading import Searching

_SCRIPTS = ("session.js", "calculators.js", "list.js", "unread.js", "results.js")
# Where in the frame the parts follow.
_HERE_FOLLOWS = "<!-- parts -->"

Late = Callable[[Exception], Refusal]


@cache
def script() -> str:
    """The scripts of the page as one, so that the policy names one hash."""
    first, *others = map(dense, _SCRIPTS)
    units = json.dumps(wording.units(), ensure_ascii=False, separators=(",", ":"))
    return "\n".join((first, f"app.units={units};", *others))


def page(settings: Settings, active: Active, searching: Searching, late: Late) -> Iterator[str]:
    """The page, part by part.

    `late` logs a failure that comes when the answer is under way and gives what to say of it.
    """
    parts = PageParts(settings, active, searching, _opened(active))
    sections = rows.sections(frozenset(settings.calculators_off))
    frame = parts.render(
        "app.html",
        script=Markup(script()),  # noqa: S704 - our own
        sections=sections,
        searches=searching.searches,
        missing=ungranted.missing(active),
    )
    before, _, after = frame.partition(_HERE_FOLLOWS)
    yield before
    try:
        yield from parts.as_read()
        log.event("app_opened", "page shown")
    except Exception as error:  # noqa: BLE001 - as at the edge: logged without text, told in place
        listed = (row for section in sections.values() for row in section)
        lost = [row for row in listed if row.name not in parts.sent]
        yield parts.render("late.html", refusal=late(error), lost=lost)
    finally:
        searching.arrivals.close()
    yield after


def _opened(active: Active) -> str:
    """The calculator of the card that led here (CDS Hooks 2.0, `appContext`), open from the start;
    empty where none is named. The address has it as a fragment, too, which only a script follows.
    """
    given = json_members.document(active.session.context.app_context or "") or {}
    return json_members.text(given.get("calculator"))
