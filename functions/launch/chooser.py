"""The page on which a person chooses a hospital for a standalone launch (`chooser` in smart.toml).

It needs no script: the search is a form, and each match a link to an ordinary standalone launch.
"""

from pathlib import Path
from threading import Lock

from shared import pages, urls
from shared.config import issuers
from shared.config.settings import Ehr, Settings
from shared.inbound.edge import Reply

from . import hospitals
from .hospitals import FEWEST_CHARACTERS, MOST, Hospitals

_TEMPLATES = Path(__file__).parent / "templates"
_LONGEST = 200
_STYLE = pages.stylesheet(_TEMPLATES / "chooser.css")
_read: dict[str, Hospitals] = {}
_reading = Lock()


def serve(settings: Settings, ehr: Ehr, find: str) -> Reply:
    """Return the page, with the hospitals that match `find`."""
    find = find.strip()[:_LONGEST]
    searched = len(find) >= FEWEST_CHARACTERS
    found = _hospitals(settings, ehr).find(find) if searched else []
    page = pages.render(
        "chooser.html",
        _TEMPLATES,
        _STYLE,
        ehr=ehr,
        action=f"{settings.public_url}/launch",
        find=find,
        searched=searched,
        too_short=bool(find) and not searched,
        fewest=FEWEST_CHARACTERS,
        most=MOST,
        more=len(found) > MOST,
        found=[
            (
                settings.public_url + ehr.standalone_launch(one.base),
                one.name,
                one.place,
                urls.authority(one.base),
            )
            for one in found[:MOST]
        ],
    )
    policy = pages.content_security_policy(
        settings.frame_ancestors, None, settings.public_url, _STYLE
    )
    headers = {"Content-Type": "text/html; charset=utf-8", **policy}
    return Reply(200, headers, page.encode())


def _hospitals(settings: Settings, ehr: Ehr) -> Hospitals:
    with _reading:
        if ehr.key not in _read:
            _read[ehr.key] = hospitals.read(settings, ehr, issuers.folder())
        return _read[ehr.key]
