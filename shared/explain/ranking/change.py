"""Find the one line that fixes a launch: a parameter of the request, or a setting in smart.toml."""

from collections.abc import Iterable, Mapping

from shared.explain.model import Cause, CauseId, Change

_PARAMETER: Mapping[CauseId, str] = {
    "launch_parameter_missing": "launch",
    "launch_scope_missing": "scope",
    "launch_patient_scope_on_provider": "scope",
    "launch_value_invalid": "launch",
    "client_id_mismatch": "client_id",
    "client_unknown": "client_id",
    "redirect_uri_mismatch": "redirect_uri",
    "aud_wrong": "aud",
    "scope_syntax": "scope",
    "patient_context_missing": "launch",
    "pkce_mismatch": "code_challenge_method",
}


def parameter(cause: Cause) -> str | None:
    """Return the parameter of the request that has to change, or None unless it's exactly one."""
    return _PARAMETER.get(cause.id)


def change(
    cause: Cause | None, corrected: Mapping[str, str] | None, sent: Mapping[str, str | None]
) -> Change | None:
    """Return the change for the most probable cause, or None if no line of a request fixes it.

    `sent` has the parameters that were certainly sent, with None for an unknown value.
    """
    name = parameter(cause) if cause is not None else None
    if name is None or corrected is None or name not in corrected:
        return None
    if name in sent and sent[name] in {None, corrected[name]}:
        return None
    return Change(f"{name}={corrected[name]}", _setting(name, corrected[name]))


# With these causes, the value in the request may be wrong, so only a configuration is trusted.
_SUSPECTED: Mapping[CauseId, str] = {
    "client_unknown": "client_id",
    "redirect_uri_mismatch": "redirect_uri",
    "aud_wrong": "aud",
}


def suspected(causes: Iterable[Cause]) -> frozenset[str]:
    """Return the parameters whose value in the text may be wrong."""
    return frozenset(
        _SUSPECTED[one.id] for one in causes if one.certainty != "possible" and one.id in _SUSPECTED
    )


def _setting(name: str, value: str) -> str | None:
    """Return the line of smart.toml that makes this app send the value."""
    if name == "scope":
        # This app adds the launch scope itself.
        scopes = [one for one in value.split(" ") if not one.startswith("launch")]
        return None if "<" in value else f'scopes = "{" ".join(scopes)}"'
    if value.startswith("<"):
        return None
    if name == "client_id":
        return f'client_id = "{value}"'
    return f'iss = ["{value}"]' if name == "aud" else None
