"""What became of cards, for the log alone (CDS Hooks 2.0, "Feedback").

Comments, displays, extensions and the rest are dropped unread. Nothing is stored: the card's UUID
joins a line to that of the answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared import log
from shared.json_members import fields

from .cards import OVERRIDE_REASONS
from .hook_call import refused

MAX_BYTES = 100_000
_MOST = 100
_OUTCOMES = frozenset({"accepted", "overridden"})
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one card. `card` is empty where it is no UUID, `reason` where none is given;
    a reason that is none of ours is `other`.
    """

    card: str
    outcome: str
    reason: str


def read(body: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """The outcomes in a body. Raises ParameterInvalid naming the member at fault."""
    given = body.get("feedback")
    if not isinstance(given, list) or not 0 < len(given) <= _MOST:
        raise refused("The field feedback", f"is not a list of 1 to {_MOST} objects")
    return tuple(_outcome(item, f"feedback[{index}]") for index, item in enumerate(given))


def note(outcomes: tuple[Outcome, ...]) -> None:
    """A line of the log for each."""
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
    """The code of the reason, in the standard's member or in Epic's."""
    for name in ("overrideReason", "overrideReasons"):
        code = fields(fields(members.get(name)).get("reason")).get("code")
        if code is not None:
            return code if isinstance(code, str) and code in OVERRIDE_REASONS else "other"
    return ""
