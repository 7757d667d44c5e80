"""Lets tests control one EHR while it runs, in addition to the faults of a single launch.

`POST /NAME/_control` takes a JSON object with the fields below, applies them and returns 204. If
one is invalid, it applies none and returns 400 with `{"error": why}`. NAME is the key of the EHR.

faults: a string as in faults/named.py, with faults that this EHR supports. They apply to any
    following request. "" removes them.
token_seconds: lifetime of new access tokens, 1 to 86400; null restores the EHR's default.
expire_access_tokens: true expires every access token now.
end_sessions: key of a user (charts/users.py, or a patient's id) to sign out. Refresh tokens
    without offline_access expire.
forget_writes: true removes everything that clients wrote, which restores the original charts.
rotate_keys: true makes new signing keys. The previous ones stay published.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from simulator.charts.users import find_user
from simulator.faults.named import Faults, UnknownFaultError
from simulator.vendors.installation import Installation

_MOST_SECONDS = 86_400


def control_blueprint(ehr: Installation) -> Blueprint:
    """Return the route."""
    routes = Blueprint("control", __name__)

    @routes.post("/_control")
    def control() -> Response:
        fields = request.get_json(force=True, silent=True)
        if not isinstance(fields, dict):
            return _refused("the body must be a JSON object")
        try:
            actions = [_action(ehr, name, value) for name, value in fields.items()]
        except ValueError as error:
            return _refused(str(error))
        for act in actions:
            act()
        return Response(status=204)

    return routes


def _action(ehr: Installation, name: str, value: Any) -> Callable[[], None]:
    """Return the action for one field. Run it only after all fields have been validated."""
    if name not in _ACTIONS:
        raise ValueError(f"{name[:60]!r} is not one of {', '.join(_ACTIONS)}")
    return _ACTIONS[name](ehr, value)


def _faults(ehr: Installation, value: Any) -> Callable[[], None]:
    if not isinstance(value, str):
        raise UnknownFaultError("faults must be a string")
    chosen = Faults(value)
    chosen.require_of(ehr.profile.key)
    return lambda: setattr(ehr.control, "faults", chosen)


def _token_seconds(ehr: Installation, value: Any) -> Callable[[], None]:
    if value is not None and not (type(value) is int and 1 <= value <= _MOST_SECONDS):
        raise ValueError(f"token_seconds must be a whole number, 1 to {_MOST_SECONDS}, or null")
    return lambda: setattr(ehr.control, "token_seconds", value)


def _expire_access_tokens(ehr: Installation, value: Any) -> Callable[[], None]:
    _require_true("expire_access_tokens", value)
    return ehr.grants.expire_access_tokens


def _end_sessions(ehr: Installation, value: Any) -> Callable[[], None]:
    if not isinstance(value, str) or find_user(value, ehr.charts) is None:
        raise ValueError("end_sessions must be the key of a user")
    return lambda: ehr.grants.end_sessions(value)


def _forget_writes(ehr: Installation, value: Any) -> Callable[[], None]:
    _require_true("forget_writes", value)
    return ehr.charts.forget


def _rotate_keys(ehr: Installation, value: Any) -> Callable[[], None]:
    _require_true("rotate_keys", value)
    return ehr.signer.rotate


def _require_true(name: str, value: Any) -> None:
    if value is not True:
        raise ValueError(f"{name} must be true")


def _refused(why: str) -> Response:
    return Response(json.dumps({"error": why}), 400, content_type="application/json")


_ACTIONS: Mapping[str, Callable[[Installation, Any], Callable[[], None]]] = {
    "faults": _faults,
    "token_seconds": _token_seconds,
    "expire_access_tokens": _expire_access_tokens,
    "end_sessions": _end_sessions,
    "forget_writes": _forget_writes,
    "rotate_keys": _rotate_keys,
}
