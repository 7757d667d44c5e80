"""eClinicalWorks (healow): what its authorization pages say."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="eclinicalworks/invalid-request-page",
        says="healow - Invalid Request",
        where="error page",
        patterns=("healow - invalid request", "apps/jsp/fhir/error.jsp"),
        meaning="The practice does not serve this kind of access. The page comes with HTTP 200, "
        "and the app is not called.",
        causes=(
            causes.client_not_enabled_at_site(
                "likely",
                f"{sources.SIGN_IN_CHECKER}; {sources.ECW_SANDBOX}",
                why="The practice has not switched patient access on, or the app is not on its "
                "list of allowed apps.",
                steps=(
                    "Ask the practice to switch on FHIR access for the app.",
                    "Ask eClinicalWorks to allow the app's client id.",
                    causes.RELAUNCH,
                ),
            ),
            causes.aud_wrong(
                "possible",
                f"{sources.PEERBITS}; that it shows as this page: inferred",
                why="`aud` must equal `iss`.",
            ),
        ),
        source=sources.SIGN_IN_CHECKER,
    ),
    Entry(
        key="eclinicalworks/launch-scope",
        says="invalid_scope (eClinicalWorks)",
        where="authorize redirect",
        oauth_errors=("invalid_scope",),
        meaning="A scope is unknown there, or does not fit how the app was opened.",
        causes=(
            causes.launch_patient_scope_on_provider(
                "possible",
                f"{sources.ECW_SCOPES}; that it leads to this code: inferred",
                why="`launch` belongs to launches from the EHR, `launch/patient` to apps that are "
                "opened by themselves.",
            ),
            causes.scope_not_registered("possible", sources.inferred(sources.ECW_SANDBOX)),
        ),
        source=sources.ECW_SCOPES,
    ),
)
