"""Keycloak with SMART extensions, Azure, Okta: authorization servers separate from the EHR."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="keycloak/aud-required",
        says="A SMART on FHIR Request must include an 'aud', 'audience', or 'resource' parameter",
        where="authorize redirect",
        patterns=("must include an 'aud', 'audience'",),
        lacks=("aud",),
        meaning="`aud` is missing.",
        causes=(
            causes.aud_wrong(
                "certain",
                why="The authorization request has no `aud`.",
                steps=("Send `aud` with the value of `iss`.",),
            ),
        ),
        source=sources.KEYCLOAK_SMART,
    ),
    Entry(
        key="keycloak/audience-not-allowed",
        says="Requested audience '…' is not allowed",
        where="authorize redirect",
        patterns=(r"requested audience '[^'\n]{0,300}'",),
        meaning="`aud` isn't one of the audiences configured in Keycloak.",
        causes=(
            causes.aud_wrong(
                "certain",
                why="Keycloak compares `aud` with the list in the audience validator's "
                "configuration.",
                steps=(
                    (
                        "In Keycloak, add the FHIR base, exactly as in `iss` of smart.toml, to "
                        "the validator's audiences in the authentication flow."
                    ),
                ),
            ),
        ),
        source=sources.KEYCLOAK_SMART,
    ),
    Entry(
        key="keycloak/invalid-launch-request",
        says="Invalid EHR launch request! / Invalid Standalone launch request!",
        where="authorize redirect",
        patterns=("invalid (?:ehr|standalone) launch request",),
        meaning="The scopes and parameters don't match either an EHR launch or a standalone "
        "launch.",
        causes=(
            causes.launch_parameter_missing(
                "possible",
                sources.inferred(sources.KEYCLOAK_SMART),
                why="The scope `launch` was requested without a `launch` value.",
            ),
            causes.launch_scope_missing(
                "possible",
                sources.inferred(sources.KEYCLOAK_SMART),
                why="A `launch` value was sent without the scope `launch`, or a standalone "
                "launch requests `launch` instead of `launch/patient`.",
            ),
        ),
        source=sources.KEYCLOAK_SMART,
    ),
    Entry(
        key="keycloak/launch-context",
        says="Could not resolve launch context parameter to any EHR Launch Context set in this "
        "user session",
        where="authorize redirect",
        patterns=("could not resolve launch context parameter",),
        meaning="Keycloak stores the launch in the user's Keycloak session, and has none there for "
        "this `launch` value.",
        causes=(
            causes.user_mismatch(
                "likely",
                sources.inferred(sources.KEYCLOAK_SMART),
                why="The EHR set the launch in the session of a different sign-in than the "
                "browser's.",
                steps=(
                    (
                        "Sign in to the EHR and the app in the same browser, through the same "
                        "Keycloak realm."
                    ),
                    causes.RELAUNCH,
                ),
            ),
            causes.launch_value_invalid("likely", sources.inferred(sources.KEYCLOAK_SMART)),
        ),
        source=sources.KEYCLOAK_SMART,
    ),
    Entry(
        key="keycloak/patient-claims",
        says="Cannot enforce 'patient/*' claims without a launch context.",
        where="FHIR answer",
        patterns=("claims without a launch context",),
        meaning="The token has `patient/` scopes but doesn't name a patient, so the FHIR server "
        "can't restrict access to one.",
        causes=(
            causes.patient_context_missing(
                "likely",
                why="Keycloak doesn't add a patient to the token: the mapper of `launch/patient` "
                "is missing from the client's scopes.",
                steps=(
                    (
                        "In Keycloak, add the client scope `launch/patient` with its mapper to the "
                        "client."
                    ),
                    "Sign in again. An older token doesn't get the patient.",
                ),
            ),
        ),
        source=sources.ALVEARIE,
    ),
    Entry(
        key="keycloak/client-credentials",
        says="Invalid client or Invalid client credentials",
        where="token endpoint",
        patterns=(
            "invalid client or invalid client credentials",
            "unexpected error when authenticating client",
        ),
        meaning="Keycloak has no client with this ID, or the credentials don't fit the client's "
        "authenticator.",
        causes=(
            causes.client_auth_wrong(
                "likely",
                why="Keycloak returns this for a wrong secret, for a client that isn't there, for "
                "one that must authenticate in another way, and for Basic credentials that aren't "
                "form-encoded.",
                steps=(
                    (
                        "In Keycloak, on the client's Credentials tab, compare Client "
                        "Authenticator with `client_auth` and the secret with `client_secret`."
                    ),
                    causes.RELAUNCH,
                ),
            ),
            causes.client_unknown("possible"),
        ),
        source=sources.KEYCLOAK_26,
    ),
    Entry(
        key="azure/fhir-user",
        says="401 or 403 from Azure's FHIR service after a successful sign-in",
        where="FHIR answer",
        patterns=("fhir smart user", r"\bauthorization failed\b", r"\bno \W?roles\W? claim"),
        meaning="The token is valid, but it belongs to a different user or resource.",
        causes=(
            causes.user_not_permitted(
                "likely",
                why="The user doesn't have the role `FHIR SMART User` on the FHIR service, or "
                "the token doesn't have the claim `fhirUser`.",
                steps=(
                    "In Azure, give the user the role `FHIR SMART User` on the FHIR service.",
                    "Make sure the user has a value for `fhirUser`, and that it's in the token.",
                ),
            ),
            causes.aud_wrong(
                "likely",
                why="`resource` or `aud` isn't the audience configured in the FHIR service.",
                steps=(
                    "In Azure, compare the audience of the FHIR service with `iss` in smart.toml.",
                ),
            ),
        ),
        source=sources.AZURE,
    ),
    Entry(
        key="azure/more-scopes",
        says="more scopes granted than the user chose (Azure)",
        where="token endpoint",
        patterns=(r"\badmin consent\b",),
        meaning="An administrator's consent applies to every user and overrides what a user "
        "selects.",
        causes=(
            causes.ehr_side(
                "likely",
                why="The grant is wider than the request. This app uses only what it requested, "
                "so nothing fails because of it.",
                steps=(
                    (
                        "In Azure, revoke the administrator's consent for the app if users "
                        "should choose."
                    ),
                ),
            ),
        ),
        source=sources.AZURE,
    ),
    Entry(
        key="okta/redirect-uri",
        says="Unable to validate the redirect_uri passed in.",
        where="error page",
        patterns=("unable to validate the redirect_uri",),
        meaning="The redirect URI isn't registered in every place that checks it.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                why="In Okta's SMART setup, two entries have redirect URIs, and both must "
                "include it.",
                steps=(
                    "In Okta, add `public_url` + `redirect_path` from smart.toml to both.",
                    causes.RELAUNCH,
                ),
            ),
        ),
        source=sources.OKTA_61,
    ),
)
