"""The part of the app that a launch opens: the calculator of the card that led to it (CDS Hooks
2.0).

The EHR returns the `appContext` of a card's link with the tokens. The calculator is passed to the
page in a fragment, which never reaches a server or a log. Anything else in `appContext` is ignored.
"""

from shared import json_members
from shared.smart.token_response import LaunchContext


def address(after_launch: str, context: LaunchContext) -> str:
    """Return the URL after the launch, with the calculator as fragment unless it has one."""
    name = None if "#" in after_launch else _calculator(context.app_context)
    return after_launch if name is None else f"{after_launch}#{name}"


def _calculator(app_context: str | None) -> str | None:
    if app_context is None:
        return None
    given = (json_members.document(app_context) or {}).get("calculator")
    # Most launches don't come from a card. Only the others load the list of calculators.
    try:
        from clinical.calculators import REGISTRY
    except ImportError:
        return None
    return given if isinstance(given, str) and given in REGISTRY else None
