"""Find the one line that fixes a launch: a parameter of the request, or the setting that sends it.

For a text of this app, or with its configuration, the setting is one of smart.toml. Otherwise it's
the one that the text shows, in its own notation.
"""

from collections.abc import Iterable, Mapping

from shared.explain.model import Cause, CauseId, Change
from shared.patterns import any_case

PARAMETERS: Mapping[CauseId, str] = {
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
    return PARAMETERS.get(cause.id)


def change(
    cause: Cause | None,
    corrected: Mapping[str, str] | None,
    sent: Mapping[str, str | None],
    foreign: str | None,
) -> Change | None:
    """Return the change for the most probable cause, or None if no line of a request fixes it.

    `sent` has the parameters that were certainly sent, with None for an unknown value. `foreign` is
    a text that may be about any app, or None if it's about this one.
    """
    name = parameter(cause) if cause is not None else None
    if name is None or corrected is None or name not in corrected:
        return None
    if name in sent and sent[name] in {None, corrected[name]}:
        return None
    value = corrected[name]
    setting = _setting(name, value) if foreign is None else _shown(name, value, foreign)
    return Change(f"{name}={value}", setting)


# The names that code and settings have for a parameter. A scope or an `aud` in quotes may be one of
# a token response or a token.
_NAMES: Mapping[str, str] = {
    "client_id": r"[\"']?(?:client|app)_?id[\"']?",
    "redirect_uri": r"[\"']?(?:redirect|callback)_?ur[il][\"']?",
    "scope": r"'?scopes?'?",
    "aud": r"'?(?:iss|aud|(?:fhir|server|base)_?ur[il]|api_base)'?",
}


def _shown(name: str, value: str, text: str) -> str | None:
    """Return the line of the writer's own code or settings with the right value."""
    written = _NAMES.get(name)
    if written is None:
        return None
    is_set = r"[ \t]{0,3}(?:=>|[:=])[ \t]{0,3}"
    match = any_case(rf"(?<![\w?&.=\"'-])({written}{is_set})[\"'`]").search(text)
    return f'{match[1]}"{value}"' if match is not None else None


# With these causes, the value in the request may be wrong, so only a configuration is trusted.
_SUSPECTED: frozenset[CauseId] = frozenset({"client_unknown", "redirect_uri_mismatch", "aud_wrong"})


def suspected(causes: Iterable[Cause]) -> frozenset[str]:
    """Return the parameters whose value in the text may be wrong."""
    return frozenset(
        PARAMETERS[one.id] for one in causes if one.certainty != "possible" and one.id in _SUSPECTED
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
