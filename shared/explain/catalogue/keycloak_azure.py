"""Keycloak with SMART extensions, Azure, Okta: authorization servers separate from the EHR."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

_entry = partial(entry, where="authorize redirect", source=sources.KEYCLOAK_SMART)

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
    _entry(
        "keycloak/client-credentials",
        "Keycloak has no client with this ID, or the credentials don't match the client's "
        "authenticator.",
        causes.client_auth_wrong(
            "likely",
            "Keycloak returns this error for a wrong secret, for a client that doesn't exist, "
            "for a client that must authenticate in another way, and for Basic credentials that "
            "aren't form-encoded.",
            (
                "In Keycloak, on the client's Credentials tab, compare Client "
                "Authenticator with `client_auth` and the secret with `client_secret`."
            ),
            causes.RELAUNCH,
        ),
        causes.client_unknown("possible"),
        says="Invalid client or Invalid client credentials",
        where="token endpoint",
        patterns=(
            "invalid client or invalid client credentials",
            "unexpected error when authenticating client",
        ),
        source=sources.KEYCLOAK_26,
    ),
    _entry(
        "azure/fhir-user",
        "The token is valid, but it belongs to a different user or resource.",
        causes.user_not_permitted(
            "likely",
            "The user doesn't have the role `FHIR SMART User` on the FHIR service, or "
            "the token doesn't have the claim `fhirUser`.",
            "In Azure, give the user the role `FHIR SMART User` on the FHIR service.",
            "Make sure the user has a value for `fhirUser`, and that the token contains it.",
        ),
        causes.aud_wrong(
            "likely",
            "`resource` or `aud` isn't the audience configured in the FHIR service.",
            "In Azure, compare the audience of the FHIR service with `iss` in smart.toml.",
        ),
        says="401 or 403 from Azure's FHIR service after a successful sign-in",
        where="FHIR answer",
        patterns=("fhir smart user", r"\bauthorization failed\b", r"\bno \W?roles\W? claim"),
        source=sources.AZURE,
    ),
    _entry(
        "azure/more-scopes",
        "An administrator's consent applies to every user and overrides a user's selection.",
        causes.ehr_side(
            "likely",
            "The grant is wider than the request. This app uses only the scopes that it "
            "requested, so it works as usual.",
            "If users should choose the scopes themselves, revoke the administrator's consent "
            "for the app in Azure.",
            title="The EHR granted more than the user chose.",
        ),
        says="more scopes granted than the user chose (Azure)",
        where="token endpoint",
        patterns=(r"\badmin consent\b",),
        source=sources.AZURE,
    ),
    _entry(
        "okta/redirect-uri",
        "The redirect URI isn't registered in every place that checks it.",
        causes.redirect_uri_mismatch(
            "certain",
            "In Okta's SMART setup, two settings list redirect URIs. Both must include "
            "the app's redirect URI.",
            "In Okta, add `public_url` + `redirect_path` from smart.toml to both lists.",
            causes.RELAUNCH,
        ),
        says="Unable to validate the redirect_uri passed in.",
        where="error page",
        patterns=("unable to validate the redirect_uri",),
        source=sources.OKTA_61,
    ),
)
