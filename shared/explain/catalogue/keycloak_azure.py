"""Keycloak with SMART extensions, Azure, Okta: authorization servers beside the EHR."""

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
        meaning="`aud` is not among the audiences that Keycloak was given.",
        causes=(
            causes.aud_wrong(
                "certain",
                why="Keycloak compares `aud` with the list in the configuration of the audience "
                "validator.",
                steps=(
                    (
                        "In Keycloak, add the FHIR base, exactly as in `iss` of smart.toml, to the "
                        "audiences of the validator in the authentication flow."
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
        meaning="Scopes and parameters do not make up an EHR launch, or a standalone one.",
        causes=(
            causes.launch_parameter_missing(
                "possible",
                sources.inferred(sources.KEYCLOAK_SMART),
                why="The scope `launch` was asked for without a `launch` value.",
            ),
            causes.launch_scope_missing(
                "possible",
                sources.inferred(sources.KEYCLOAK_SMART),
                why="A `launch` value was sent without the scope `launch`; or a standalone launch "
                "asks for `launch` in place of `launch/patient`.",
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
        meaning="Keycloak keeps the launch in the user's Keycloak session, and finds none there "
        "under this `launch` value.",
        causes=(
            causes.user_mismatch(
                "likely",
                sources.inferred(sources.KEYCLOAK_SMART),
                why="The EHR set the launch in the session of another sign-in than the browser's.",
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
        meaning="The token has `patient/` scopes and names no patient, so the FHIR server "
        "cannot keep to one.",
        causes=(
            causes.patient_context_missing(
                "likely",
                why="Keycloak puts no patient into the token: the mapper of `launch/patient` is "
                "missing from the client's scopes.",
                steps=(
                    (
                        "In Keycloak, add the client scope `launch/patient` with its mapper to the "
                        "client."
                    ),
                    "Sign in anew: an older token stays without the patient.",
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
        meaning="The token is a good one for somebody or something else.",
        causes=(
            causes.user_not_permitted(
                "likely",
                why="The user lacks the role `FHIR SMART User` on the FHIR service, or the token "
                "lacks the claim `fhirUser`.",
                steps=(
                    "In Azure, give the user the role `FHIR SMART User` on the FHIR service.",
                    "See that the user has a value for `fhirUser`, and that it is in the token.",
                ),
            ),
            causes.aud_wrong(
                "likely",
                why="`resource` or `aud` is not the audience that the FHIR service was given.",
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
        meaning="An administrator's consent covers every user and overrides what a user chooses.",
        causes=(
            causes.ehr_side(
                "likely",
                why="The grant is wider than the request. This app uses only what it asked for, so "
                "nothing fails because of it.",
                steps=(
                    (
                        "In Azure, withdraw the administrator's consent for the app where users "
                        "are to choose."
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
        meaning="The redirect URI is not registered at every place that checks it.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                why="In Okta's SMART set-up two entries hold redirect URIs, and both must have it.",
                steps=(
                    "In Okta, add `public_url` + `redirect_path` of smart.toml to both.",
                    causes.RELAUNCH,
                ),
            ),
        ),
        source=sources.OKTA_61,
    ),
)
