"""Say a cause in the terms of the one who asks: this app's settings, or any app's parameters.

The catalogue names this app's settings and pages, because this app shows most causes. A text
that's pasted without them may be about any app, which has parameters and a registration, but no
smart.toml.
"""

import re
from dataclasses import replace

from shared.explain.catalogue.causes import RELAUNCH
from shared.explain.model import Cause
from shared.patterns import any_case

# The meanings of this app's settings and URLs.
_MEANT = (
    (r" \(`public_url` \+ `redirect_path` (?:in|from) smart\.toml\)", ""),
    (r", as this app(?:'s proxy)? does|, by default `https://HOST/callback`", ""),
    (
        r"`public_url` \+ `redirect_path` from smart\.toml|(?:exactly )?`https://HOST/callback`",
        "the redirect URI that the app sends",
    ),
    (r"`https://HOST/launch/jwks\.json`", "the app's key set"),
    (r"as the server serves it, `https://HOST/launch`", "as the server serves it"),
    (r"`https://HOST/launch`", "the app's launch URL"),
    (r"`scopes`(?: in smart\.toml)?", "the requested scopes"),
    (r"`client_id` in smart\.toml", "the client ID that the app sends"),
    (r"`iss` in smart\.toml", "the app's FHIR base (`iss`)"),
    (r" \(`(?:ca_file|frame_ancestors)` in smart\.toml\)|`?\bvendor = \"epic\"` or ", ""),
    (r"`ca_file` in smart\.toml, or your", "in your"),
    (r"`key_id`(?: in smart\.toml)?", "`kid`"),
    (r"this app's (?=outbound|network)", "the app's "),
    (r"^In other software, (\w)", r"\1"),
)
OURS = any_case(
    r"smart\.toml|`/session`|make doctor|make explain|`launch_started`|`callback_completed`"
    r"|\bthis app\b|`said`|basic_credentials|docs/|`public_url`|`redirect_path`|`standalone = "
    r"|`client_auth|\bin the log's\b|`/launch\?ehr"
)
_OF_USERS = re.compile(
    r"(?:Launch|Open|Sign in|Close|Request) (?:the app|again|it|older tabs|a new token"
    r"|to the EHR in)\b"
)

_FIXED_BY_THE_USER = frozenset(
    {"session_ended", "user_declined", "user_mismatch", "launch_parameter_missing"}
)


def for_any_app(cause: Cause) -> Cause:
    """Return a cause without this app's settings, pages and log events."""
    steps = tuple(dict.fromkeys(filter(None, map(_meant, cause.steps))))
    # What the user does comes last, because the one who asks develops the app.
    if cause.id not in _FIXED_BY_THE_USER:
        steps = tuple(sorted(steps, key=lambda step: _OF_USERS.match(step) is not None))
    return replace(
        cause,
        title=re.sub(r"\bthis app\b", "the app", _meant(cause.title) or cause.title),
        why=_meant(cause.why) or cause.title,
        steps=steps or (RELAUNCH,),
    )


def _meant(text: str) -> str:
    """Return a text in terms of any app, without the sentences that only this app can use."""
    said = text
    for ours, meant in _MEANT:
        said = re.sub(ours, meant, said)
    if said == text and not OURS.search(text):
        return text
    kept = [one for one in re.split(r"(?<=[.!?]) (?=[A-Z`])", said) if not OURS.search(one)]
    return " ".join(f"{one[0].upper()}{one[1:]}" for one in kept if one)
