"""Announces launches to the terminal of `run`, which only the EHR can connect with a patient.

One line of JSON on stdout for each launch, {"simulated": {…}}, and only if VARIABLE is set: the
app's log has no patient's name, so neither has the output into a pipe. These patients are invented.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping

from flask import Response, request

from simulator.trace import Notes

VARIABLE = "EHR_ANNOUNCES_LAUNCHES"


def mark(state: str) -> str:
    """Return the id of a launch in the app's log (docs/errors.md): a hash of its state."""
    return hashlib.sha256(f"log:{state}".encode()).hexdigest()[:12]


def announce(notes: Notes, response: Response, titles: Mapping[str, str]) -> None:
    """Announce the launch that an authorization request belongs to, and whether the EHR refused it
    without a response to the app.
    """
    launch = notes.launch_trace
    if launch is None or notes.step not in ("authorize", "picker"):
        return
    if notes.step == "authorize" and (state := request.values.get("state")):
        launch.mark = mark(state)
    if VARIABLE not in os.environ or not launch.mark:
        return
    record = {
        "time": notes.began.isoformat(),
        "launch": launch.mark,
        "patient": launch.patient,
        "ehr": titles[launch.ehr],
    }
    target = response.headers.get("Location", request.host_url)
    if notes.is_refused and target.startswith((request.host_url, "/")):
        # The app's developer knows what the page looks like, but not the reason.
        record["refused"] = notes.answer.partition("no response to the app")[2].strip(":. ")
    sys.stdout.write(json.dumps({"simulated": record}) + "\n")
    sys.stdout.flush()
