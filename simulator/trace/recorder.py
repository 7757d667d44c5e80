"""Records every request that the EHR receives for tests, and its notes for the trace.

It stores tokens, codes and verifiers in plain text. That's acceptable only in a simulator, which
has synthetic patients and no real secrets.
"""

import itertools
import json
import threading
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, g, request

from simulator import trace
from simulator.trace.announcements import announce
from simulator.trace.log import TraceLog

MOST_RECORDS = 2000
_PATH = "/_recorded"


def record_requests(app: Flask, log: TraceLog, titles: Mapping[str, str]) -> None:
    """Record the requests to an app. `GET /_recorded?after=N` lists the requests after number N as
    `{"requests": [...]}`, oldest first. `DELETE /_recorded` deletes them and their notes. `titles`
    are the EHRs' titles by key.
    """
    records: deque[dict[str, object]] = deque(maxlen=MOST_RECORDS)
    numbers = itertools.count(1)
    lock = threading.Lock()

    @app.before_request
    def keep_form() -> None:
        trace.open_notes()
        # Read the form here, because a body that's too large still gets a normal 413 response here.
        g.form = list(request.form.items(multi=True))

    @app.after_request
    def record(response: Response) -> Response:
        if request.path == _PATH:
            return response
        # A response that was never sent has no status.
        status = 0 if trace.notes().is_cut else response.status_code
        announce(trace.notes(), response, titles)
        with lock:
            number = next(numbers)
            log.keep(trace.notes(), number, status)
            records.append(
                {
                    "number": number,
                    "time": datetime.now(UTC).isoformat(),
                    "method": request.method,
                    "path": request.path,
                    "query": request.query_string.decode("latin-1"),
                    "headers": list(request.headers.items()),
                    "form": g.get("form", []),
                    "status": status,
                }
            )
        return response

    routes = Blueprint("recorder", __name__)

    @routes.get(_PATH)
    def listed() -> Response:
        after = request.args.get("after", default=0, type=int)
        with lock:
            newer = [one for one in records if int(str(one["number"])) > after]
        return Response(json.dumps({"requests": newer}), content_type="application/json")

    @routes.delete(_PATH)
    def forget() -> Response:
        with lock:
            records.clear()
            log.clear()
        return Response(status=204)

    app.register_blueprint(routes)
