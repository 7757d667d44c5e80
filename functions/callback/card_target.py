"""Makes a launch from a card open the card's calculator (CDS Hooks 2.0).

The EHR returns the `appContext` of a card's link with the tokens. The calculator is passed to the
page in a fragment, which never reaches a server or a log. Anything else in `appContext` is ignored.
"""

from shared import json_members
from shared.smart.token_response import LaunchContext


def after_card(after_launch: str, context: LaunchContext) -> str:
    """Return the path after the launch, with the calculator as its fragment unless it has one."""
    name = None if "#" in after_launch else _calculator(context.app_context)
    return after_launch if name is None else f"{after_launch}#{name}"


def _calculator(app_context: str | None) -> str | None:
    if app_context is None:
        return None
    name = (json_members.document(app_context) or {}).get("calculator")
    # Load the list of calculators only for launches from a card, because most aren't.
    try:
        from clinical.calculators import REGISTRY
    except ImportError:
        return None
    return name if isinstance(name, str) and name in REGISTRY else None
