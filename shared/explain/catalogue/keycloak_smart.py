"""Keycloak with a SMART extension, whose messages are its own (keycloak-smart-fhir, Alvearie)."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

_entry = partial(entry, where="authorize redirect", source=sources.KEYCLOAK_SMART, alone=True)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "keycloak/aud-required",
        "`aud` is missing.",
        causes.aud_wrong(
            "certain",
            "The authorization request has no `aud`.",
            "Send `aud` with the value of `iss`.",
        ),
        says="A SMART on FHIR Request must include an 'aud', 'audience', or 'resource' parameter",
        patterns=("must include an 'aud', 'audience'",),
        lacks=("aud",),
    ),
    _entry(
        "keycloak/audience-not-allowed",
        "`aud` isn't one of the audiences configured in Keycloak.",
        causes.aud_wrong(
            "certain",
            "Keycloak compares `aud` with the list in the audience validator's configuration.",
            (
                "In Keycloak, add the FHIR base to the validator's audiences in the "
                "authentication flow, exactly as it's written in `iss` in smart.toml."
            ),
        ),
        says="Requested audience '…' is not allowed",
        patterns=(r"requested audience '[^'\n]{0,300}'",),
    ),
    _entry(
        "keycloak/invalid-launch-request",
        "The scopes and parameters match neither an EHR launch nor a standalone launch.",
        causes.launch_parameter_missing(
            "possible",
            "The scope `launch` was requested without a `launch` value.",
            source=sources.inferred(sources.KEYCLOAK_SMART),
        ),
        causes.launch_scope_missing(
            "possible",
            "A `launch` value was sent without the scope `launch`, or a standalone "
            "launch requests `launch` instead of `launch/patient`.",
            source=sources.inferred(sources.KEYCLOAK_SMART),
        ),
        says="Invalid EHR launch request! / Invalid Standalone launch request!",
        patterns=("invalid (?:ehr|standalone) launch request",),
    ),
    _entry(
        "keycloak/launch-context",
        "Keycloak stores launches in the user's Keycloak session, but that session has none for "
        "this `launch` value.",
        causes.user_mismatch(
            "likely",
            "The EHR stored the launch in a different sign-in session than the browser's.",
            "Sign in to the EHR and the app in the same browser, through the same Keycloak realm.",
            causes.RELAUNCH,
            source=sources.inferred(sources.KEYCLOAK_SMART),
        ),
        causes.launch_value_invalid("likely", source=sources.inferred(sources.KEYCLOAK_SMART)),
        says="Could not resolve launch context parameter to any EHR Launch Context set in this "
        "user session",
        patterns=("could not resolve launch context parameter",),
    ),
    _entry(
        "keycloak/patient-claims",
        "The token has `patient/` scopes but doesn't name a patient, so the FHIR server can't "
        "restrict access to one patient.",
        causes.patient_context_missing(
            "likely",
            "Keycloak doesn't add a patient to the token: the mapper for `launch/patient` "
            "is missing from the client's scopes.",
            "In Keycloak, add the client scope `launch/patient` with its mapper to the client.",
            "Sign in again. Tokens issued earlier still lack the patient.",
        ),
        says="Cannot enforce 'patient/*' claims without a launch context.",
        where="FHIR answer",
        patterns=("claims without a launch context",),
        source=sources.ALVEARIE,
    ),
)
