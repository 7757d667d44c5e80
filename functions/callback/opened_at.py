"""Where in the app a launch begins: at the calculator of the card that led to it (CDS Hooks 2.0).

The EHR gives the `appContext` of a card's link back with the tokens. A fragment tells the page: it
never reaches a server or a log. Whatever else an EHR may give is ignored.
"""

from shared import json_members
from shared.smart.token_answer import LaunchContext


def address(after_launch: str, context: LaunchContext) -> str:
    """The address after the launch, with the calculator as its fragment unless it has its own."""
    name = None if "#" in after_launch else _calculator(context.app_context)
    return after_launch if name is None else f"{after_launch}#{name}"


def _calculator(app_context: str | None) -> str | None:
    if app_context is None:
        return None
    given = (json_members.document(app_context) or {}).get("calculator")
    # Most launches come of no card: only then is it looked at which calculators there are.
    try:
        from clinical.calculators import REGISTRY
    except ImportError:
        return None
    return given if isinstance(given, str) and given in REGISTRY else None
