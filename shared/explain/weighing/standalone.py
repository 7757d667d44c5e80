"""A cause of a failed standalone launch: no chart opened the app, so none is mentioned.

SMART App Launch 2.2, "Launch App: Standalone Launch". The catalogue speaks of both flows, and most
launches come from a chart.
"""

import re
from dataclasses import replace

from shared.explain.catalogue.causes import KINDS
from shared.explain.model import Cause

_AGAIN = re.compile(r" from the (?:patient's )?chart(?=[.;])")
_OF_A_CHART = re.compile(
    r"\bfrom (?:the|a|that|the same) (?:patient's )?chart\b|\b(?:without|outside) a chart\b"
    r"|\bchart\b[^.;]{0,30}\band launch\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.;:]) ")
_RELAUNCH = "Launch the app again."
_PLAINLY = dict.fromkeys(
    ("launch_parameter_missing", "launch_scope_missing"),
    "The EHR does not let the app open in this way.",
)
_CHOOSE = "Launch the app again, and choose a patient if the EHR asks for one."


def outside_the_ehr(cause: Cause) -> Cause:
    """Return a cause without what only a launch from a chart has."""
    steps = (_AGAIN.sub("", step) for step in cause.steps)
    kept = tuple(step for step in steps if not _OF_A_CHART.search(step))
    if cause.id == "patient_context_missing":
        kept = (_CHOOSE, *kept)
    return replace(
        cause,
        title=without_chart(cause.title),
        why=without_chart(cause.why, without_chart(KINDS[cause.id].why)),
        steps=kept or (_RELAUNCH,),
        plainly=cause.plainly or _PLAINLY.get(cause.id, ""),
    )


def without_chart(text: str, instead: str = "") -> str:
    """Return a text without its sentences about a launch from a chart, if others remain.

    If none does, `instead` takes its place, or else the text stays as it is.
    """
    kept = [one for one in _SENTENCE.split(text) if not _OF_A_CHART.search(one)]
    return " ".join(kept) or instead or text
