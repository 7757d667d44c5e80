"""Keeps the newest error pages of this machine's app, for the links that `run` prints.

Only next to the simulated EHR, because an error page can contain an EHR's text.
"""

import os
from collections import OrderedDict
from collections.abc import Mapping

from shared.errors import NotFound
from shared.inbound.edge import Reply

PATH = "/failures/"
_MOST = 50
_HEADERS = ("Content-Type", "Content-Security-Policy", "Content-Encoding")
_kept: OrderedDict[str, Reply] = OrderedDict()


def keep(headers: Mapping[str, str], page: bytes) -> None:
    """Keep the page of a failure, by its correlation id."""
    if "EHR_BASE_URL" in os.environ:
        sent = {name: headers[name] for name in _HEADERS if name in headers}
        _kept[headers["X-Correlation-Id"]] = Reply(200, sent, page)
        while len(_kept) > _MOST:
            _kept.popitem(last=False)


def page(path: str) -> Reply:
    """Return a kept page. Raises NotFound if it isn't kept any more."""
    try:
        return _kept[path.removeprefix(PATH)]
    except KeyError:
        raise NotFound(
            "This error page isn't kept any more.",
            why="`run` keeps the last pages until it ends.",
            steps=("Launch again.",),
        ) from None
