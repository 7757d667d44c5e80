"""What a failed launch is called to a clinician: no parameter, no setting, no protocol.

Pages with `error_details = "brief"`. Developers read the same in their own terms, on full pages and
in the log.
"""

from collections.abc import Mapping

from shared.errors import SmartError
from shared.findings import ForUser

# What happened, where the error does not prove that it was this.
NO_ACCESS = "The EHR did not give the app access."
# By the most probable cause, where it says more than the kind of error.
HEADLINES: Mapping[str, str] = {
    "user_declined": "The sign-in was cancelled, so the app was not opened.",
    "ehr_side": "The EHR could not complete the launch.",
}
# Those that accuse a person: told of a certain cause only.
_ONLY_CERTAIN = frozenset({"user_declined"})
# An answer of the EHR that belongs to no launch of ours says nothing of what became of one.
LATE = "It belongs to no launch that the app still waits for. The EHR answered with an error."
_TITLES: Mapping[str, str] = {
    "parameter_repeated": "The app was opened with an address that it cannot use.",
    "parameter_invalid": "The app was opened with an address that it cannot use.",
    "iss_missing": "The app was opened without a launch from a chart.",
    "iss_not_allowed": "This EHR is not set up for the app.",
    "discovery_failed": "The EHR did not answer.",
    "discovery_invalid": "The app cannot connect to this EHR.",
    "state_missing": "The app was opened without a launch from a chart.",
    "cookie_missing": "The browser did not keep what the app needs to go on.",
    "id_token_invalid": "The app could not confirm who is signed in.",
    "token_invalid": "The EHR's answer to the launch cannot be used.",
    "scope_denied": "The app was not given access to this part of the record.",
}
_WHY: Mapping[str, str] = {
    "parameter_repeated": "The address was put together wrongly, or it was changed on the way.",
    "launch_parameter_missing": "It was not opened from a chart; only the EHR can open it.",
    "iss_missing": "It was not opened from a chart; only the EHR can open it.",
    "iss_not_allowed": "The app does not know its address; nothing was sent to it.",
    "discovery_failed": "It may be down, or the network on the way to it.",
    "discovery_invalid": "What the EHR says of how to connect to it cannot be used.",
    "state_missing": "This address is where the EHR comes back to; nobody can begin here.",
    "state_unknown": "It was completed already, it took too long, or the page was opened a second "
    "time.",
    "issuer_mismatch": "The app stopped here, for safety.",
    "ehr_error": "The EHR answered with an error instead of letting the app in.",
    "token_error": "The EHR did not answer the app as it should.",
    "token_invalid": "It is not what the app needs to go on.",
    "id_token_invalid": "The EHR's answer did not pass the app's checks, so it stopped for safety.",
    "scope_denied": "The app may need another permission at this EHR.",
    "patient_denied": "The app was opened for one patient, and this is about another.",
    "patient_missing": "The app works for one patient, and the EHR named none.",
    "misconfigured": "Its administrator has to set it up.",
}
_CAUSES: Mapping[str, str] = {
    "launch_parameter_missing": "The app was not opened from a patient's chart.",
    "launch_scope_missing": "The app is not set up for launches from a chart.",
    "launch_patient_scope_on_provider": "The app is set up for patients, not for clinicians.",
    "launch_value_invalid": "The launch was too old, or belongs to another environment.",
    "client_id_mismatch": "The app is set up with another registration than the EHR's.",
    "client_unknown": "The EHR does not know the app.",
    "client_not_enabled_at_site": "The app is not enabled at this site.",
    "persona_mismatch": "The app is registered for other people than those who sign in here.",
    "tenant_mismatch": "Two environments, such as test and production, are mixed.",
    "user_mismatch": "This browser is still signed in as somebody else.",
    "user_not_permitted": "This user may not open this record with the app.",
    "patient_context_missing": "The EHR did not say which patient.",
    "redirect_uri_mismatch": "The app's address is not the one that the EHR has.",
    "aud_wrong": "The app is set up for another address of this EHR.",
    "request_malformed": "The EHR does not take the app's request.",
    "parameter_not_recognised": "The EHR does not take the app's request.",
    "request_too_long": "The app asks for too much at once.",
    "scope_not_registered": "The app asks for something it is not registered for.",
    "scope_syntax": "The app's permissions are not written as this EHR expects.",
    "scope_trimmed": "The EHR gave the app fewer permissions than it needs.",
    "code_expired_or_used": "The launch took too long, or its page was opened twice.",
    "client_auth_wrong": "The app could not prove to the EHR that it is itself.",
    "clock_skew": "The clocks of the EHR and of the app disagree.",
    "pkce_mismatch": "The EHR does not take the app's request.",
    "cookies_blocked": "The browser does not keep the app's cookies.",
    "access_token_expired": "The EHR's access has run out.",
    "session_ended": "The sign-in at the EHR has ended.",
    "user_declined": "The sign-in was cancelled.",
    "fhir_request_invalid": "The EHR does not take the app's request.",
    "not_propagated_yet": "The app's registration has not reached this server yet.",
    "ehr_side": "The EHR failed.",
    "cors_blocked": "The browser blocked the EHR's response.",
    "refresh_not_granted": "The EHR gave access for a short time only.",
    "refresh_reused": "The EHR's access was renewed twice at the same time.",
    "state_unknown": "The app doesn't know this launch any more.",
    "assertion_key_unknown": "The EHR doesn't know the app's key.",
    "assertion_claims_wrong": "The app could not prove to the EHR that it is itself.",
    "signing_key_unknown": "The app could not confirm who is signed in.",
    "fhir_base_wrong": "The app is set up with a wrong address of this EHR.",
    "fhir_version_mismatch": "The app and the EHR use different versions of FHIR.",
    "endpoint_wrong": "The app is set up with a wrong address of this EHR.",
    "discovery_missing": "The EHR doesn't say how to connect to it.",
    "tls_untrusted": "The connection to the EHR isn't trusted.",
    "frame_refused": "A page refused to open inside the EHR.",
    "user_credentials_wrong": "The user name or password was refused.",
    "token_of_another_server": "Two environments, such as test and production, are mixed.",
    "token_not_in_header": "The app's request had no access to the EHR.",
    "opaque_token_decoded": "The app misread the EHR's response.",
    "grant_not_enabled": "The app isn't registered for this kind of access.",
    "scope_not_requested": "The app didn't ask for the permission that it needs.",
    "results_limited": "The EHR shows only what this user and app may see.",
    "flow_misused": "The app starts its launch over and over.",
    "not_a_launch_problem": "The app itself failed before it reached the EHR.",
}


# What to do before the next launch, by the cause: without it, that launch fails alike.
_FIRST: Mapping[str, ForUser] = {
    "user_mismatch": ForUser(
        "First sign out of the EHR's sign-in in this browser, or close all windows of the browser."
    ),
}


def title(error: SmartError) -> str:
    """What happened."""
    return _TITLES.get(error.code, error.title)


def headline(cause_id: str, certainty: str) -> str | None:
    """What happened, from the most probable cause; None where that says no more than the error."""
    if cause_id in _ONLY_CERTAIN and certainty != "certain":
        return NO_ACCESS
    return HEADLINES.get(cause_id)


def why(error: SmartError) -> str:
    """Why, in a sentence that follows on `title`: what follows on another title is left out."""
    told = type(error).why if error.code in _TITLES else error.why
    return _WHY.get(error.code, told)


def first(cause_id: str, plainly: str = "") -> tuple[ForUser, ...]:
    """What the user has to do before the app is launched again, by what `cause` says."""
    return (_FIRST[cause_id],) if cause_id in _FIRST and not plainly else ()


def cause(id_: str, plainly: str = "") -> str:
    """The most probable cause: in its own plain words, else by its id."""
    return plainly or _CAUSES[id_]
