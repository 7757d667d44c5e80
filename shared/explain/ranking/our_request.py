"""Adapt a cause to a request that this app sent, by leaving out mistakes that it can't make.

The catalogue covers any software. This app sends every parameter once, `launch` unchanged, and its
client id with the configured authentication.
"""

from dataclasses import replace

from shared.explain.catalogue.causes import RELAUNCH
from shared.explain.catalogue.lines import Elsewhere
from shared.explain.model import Cause, Certainty
from shared.explain.ranking.facts import Facts
from shared.patterns import any_case

_PERSONAS = {"provider": "clinicians", "patient": "patients"}


def as_sent(cause: Cause, facts: Facts) -> Cause:
    """Return the cause, described for a request that this app sent."""
    if cause.id == "request_malformed":
        most: Certainty = "possible" if cause.certainty == "possible" else "likely"
        return cause(most, _READ, RELAUNCH, _REPORT, source=cause.source, title=_NOT_ACCEPTED)
    steps = tuple(step for step in cause.steps if not isinstance(step, Elsewhere))
    cause = replace(cause, steps=steps or (RELAUNCH,))
    if cause.id == "launch_value_invalid":
        return replace(cause, why=_PASSED_ON)
    if cause.id == "client_auth_wrong" and facts.sent.client_auth is not None:
        return _authentication(cause, facts)
    if cause.id == "assertion_claims_wrong":
        return replace(cause, why=_CLAIMS_SENT, steps=_CLAIMS_STEPS)
    if cause.id == "persona_mismatch" and facts.persona in _PERSONAS:
        other = _PERSONAS["patient" if facts.persona == "provider" else "provider"]
        who = f"{_PERSONAS[facts.persona]} (persona {facts.persona})"
        why = f"The sign-in was for {who}, but the app or the tenant is set up only for {other}."
        return replace(cause, why=why)
    return cause


_NOT_ACCEPTED = "The EHR doesn't accept the request as this app sends it."
_READ = (
    "This app sent every parameter that SMART App Launch requires, each once. The EHR doesn't say "
    "what it expects instead."
)
_REPORT = (
    "If it happens again, give the correlation ID to the EHR's support. If they conclude that the "
    "request is at fault, open an issue in the smart-calc repository and include the text under "
    '"For support".'
)
_PASSED_ON = (
    "This app passes `launch` on unchanged. The EHR no longer recognizes it: it's from an old tab "
    "or an earlier launch, or it was made in another tenant or environment."
)
# The words in the EHR's message that mention a key or a secret.
_NAMES_KEY = any_case(r"\b(?:key|keys|kid|jwks?|jwk set|signature|signed by)\b")
_NAMES_SECRET = any_case(r"\b(?:client_?secret|secret|credentials?|password)\b")
_UNSPECIFIED = "The EHR's response doesn't say which of these the EHR refuses: "
_COMPARE_CLIENT = (
    "In the registration, check that `client_id` belongs to this environment, and that the "
    "registered kind of client is the one in `client_auth` in smart.toml."
)
_COMPARE_KEY = "Check that the EHR has the public half of `private_key` under the same `key_id`."
_STORE_AGAIN = (
    "Copy the secret from the registration of this `client_id` again, and store it where "
    "`client_secret` in smart.toml points."
)
_CHECK_CLOCK = "Run `make doctor CONFIG=smart.toml` and check `clock_skew`."


def _authentication(cause: Cause, facts: Facts) -> Cause:
    """Describe refused client authentication by the sent credentials and the EHR's own message.

    The text doesn't call a key or a secret wrong unless the EHR's message mentions it.
    """
    how, form = facts.sent.client_auth, facts.sent.basic_form
    mentions = _NAMES_KEY if how == "private_key_jwt" else _NAMES_SECRET
    mentioned = mentions.search(facts.message.description or "")
    if how == "none":
        why = "The app sent its client ID but no proof of identity, as a public client does."
        steps = [_COMPARE_CLIENT]
    elif how == "private_key_jwt" and mentioned:
        why = "The app sent an assertion that it had signed with `private_key`. "
        why += "The EHR's response mentions the key or the signature."
        steps = [_COMPARE_KEY, _COMPARE_CLIENT]
    elif how == "private_key_jwt":
        why = "The app sent a signed assertion. " + _UNSPECIFIED
        why += "the client ID, the kind of client, a claim, or the key."
        steps = [_COMPARE_CLIENT, _COMPARE_KEY, _CHECK_CLOCK]
    elif mentioned:
        why = "The app sent its client secret. The EHR's response mentions the credentials."
        steps = [_STORE_AGAIN, _COMPARE_CLIENT]
    else:
        why = "The app sent its client secret. " + _UNSPECIFIED
        why += "the client ID, the kind of client, or the secret."
        steps = [_COMPARE_CLIENT, _STORE_AGAIN]
    if form is not None and how not in {"none", "private_key_jwt"}:
        why += _AMBIGUOUS.format("form-encoded" if form == "form" else "as is")
        steps.insert(0, _OTHER_FORM.format("raw" if form == "form" else "form"))
    kept = [step for step in cause.steps if step == facts.habits.client_type]
    return replace(cause, why=why, steps=(*steps, *kept, RELAUNCH))


_CLAIMS_SENT = (
    "The app sends `client_id` as `iss` and `sub`, the `token_endpoint` from discovery as `aud`, "
    "an `iat` 10 seconds in the past, an `exp` 4 minutes ahead and a new `jti`. This EHR expects "
    "other values, or its clock differs from this app's."
)
_CLAIMS_STEPS = (
    "Compare the EHR's message (`error_description`, or `said` in the log) with these claims.",
    _CHECK_CLOCK,
    "If the clocks agree, ask the EHR's operator which `aud` and lifetime it expects.",
    RELAUNCH,
)
_AMBIGUOUS = (
    " The secret or the client ID has characters that some EHRs expect form-encoded in the Basic "
    "header and others as is. The app sent them {}."
)
_OTHER_FORM = (
    'Set `basic_credentials = "{}"` in smart.toml: the EHR may expect the other form of the Basic '
    "header."
)
