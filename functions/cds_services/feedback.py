"""Logs feedback on cards (CDS Hooks 2.0, "Feedback").

Comments, displays, extensions and other fields are ignored. Nothing is stored. The card's UUID
links the log line of the feedback to that of the response with the card.
"""

import re
from collections.abc import Mapping
from typing import Any

from shared import log
from shared.frozen import dataclass
from shared.json_members import fields

from .cards import OVERRIDE_REASONS
from .hook_call import refused

MAX_BYTES = 100_000
_MOST = 100
_OUTCOMES = frozenset({"accepted", "overridden"})
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one card.

    `card` is "" unless it's a UUID. `reason` is "" if absent, and `other` if it isn't a known code.
    """

    card: str
    outcome: str
    reason: str


def read(body: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Return the outcomes in a body. Raises ParameterInvalid, which names the invalid field."""
    items = body.get("feedback")
    if not isinstance(items, list) or not 0 < len(items) <= _MOST:
        raise refused("The field feedback", f"is not a list of 1 to {_MOST} objects")
    return tuple(_outcome(item, f"feedback[{index}]") for index, item in enumerate(items))


def note(outcomes: tuple[Outcome, ...]) -> None:
    """Log one line for each outcome."""
    for one in outcomes:
        fields = {"card": one.card, "outcome": one.outcome, "reason": one.reason}
        present: dict[str, str | int | float | list[str]] = {k: v for k, v in fields.items() if v}
        log.event("cds_feedback", "feedback on a card", fields=present)


def _outcome(item: object, place: str) -> Outcome:
    members = fields(item)
    card, outcome = members.get("card"), members.get("outcome")
    if not isinstance(card, str):
        raise refused(f"The field {place}.card", "is not a string")
    if not isinstance(outcome, str) or outcome not in _OUTCOMES:
        raise refused(f"The field {place}.outcome", "is neither accepted nor overridden")
    return Outcome(card if _UUID.fullmatch(card) else "", outcome, _reason(members))


def _reason(members: Mapping[str, object]) -> str:
    """Return the reason's code, from the standard's field or Epic's."""
    for name in ("overrideReason", "overrideReasons"):
        code = fields(fields(members.get(name)).get("reason")).get("code")
        if code is not None:
            return code if isinstance(code, str) and code in OVERRIDE_REASONS else "other"
    return ""
