"""The page as a stream: first its frame with a row for each calculator, then each part when ready.

It's a single response that doesn't need a script. Each part is sent as soon as its data has been
read. A slot in the frame (declarative shadow DOM, HTML "shadowrootmode") puts it in its place, also
for keyboard and screen reader. Until then, the place says that the part is being read. An error
during the response, such as an ended session, is shown in the same way.
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
# The marker in the frame after which the parts are inserted.
_HERE_FOLLOWS = "<!-- parts -->"

Late = Callable[[Exception], Refusal]


@cache
def script() -> str:
    """Return the page's scripts as one, so that the policy needs one hash."""
    first, *others = map(dense, _SCRIPTS)
    units = json.dumps(wording.units(), ensure_ascii=False, separators=(",", ":"))
    return "\n".join((first, f"app.units={units};", *others))


def page(settings: Settings, active: Active, searching: Searching, late: Late) -> Iterator[str]:
    """Yield the page, part by part.

    `late` logs an error that occurs during the response and returns what to show.
    """
    parts = PageParts(settings, active, searching, _calculator_of_card(active))
    sections = rows.sections(frozenset(active.ehr.app.calculators_off))
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
        log.event("app_opened", "page shown", fields=searching.local_codes())
    except Exception as error:  # noqa: BLE001 - as at the edge: logged without text, told in place
        listed = (row for section in sections.values() for row in section)
        lost = [row for row in listed if row.is_read and row.name not in parts.sent]
        yield parts.render("late.html", refusal=late(error), lost=lost)
    finally:
        searching.arrivals.close()
    yield after


def _calculator_of_card(active: Active) -> str:
    """Return the calculator of the card that led here (CDS Hooks 2.0, `appContext`), or "".

    The page opens it without a script. The URL's fragment names it too, but needs a script.
    """
    app_context = json_members.document(active.session.context.app_context or "") or {}
    return json_members.text(app_context.get("calculator"))
