"""eClinicalWorks (healow): errors on its authorization pages."""

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

ENTRIES: tuple[Entry, ...] = (
    entry(
        "eclinicalworks/invalid-request-page",
        "The practice doesn't offer this kind of access. The page is returned with HTTP "
        "200, without a redirect to the app.",
        causes.client_not_enabled_at_site(
            "likely",
            "The practice hasn't turned on patient access, or the app isn't on its list "
            "of allowed apps.",
            "Ask the practice to turn on FHIR access for the app.",
            "Ask eClinicalWorks to allow the app's client ID.",
            causes.RELAUNCH,
            source=f"{sources.SIGN_IN_CHECKER}; {sources.ECW_SANDBOX}",
        ),
        causes.aud_wrong(
            "possible",
            "`aud` must equal `iss`.",
            source=f"{sources.PEERBITS}; that it leads to this page is inferred",
        ),
        says="healow - Invalid Request",
        where="error page",
        patterns=("healow - invalid request", "apps/jsp/fhir/error.jsp"),
        source=sources.SIGN_IN_CHECKER,
    ),
    entry(
        "eclinicalworks/launch-scope",
        "A scope is unknown to eClinicalWorks, or doesn't match how the app was opened.",
        causes.launch_patient_scope_on_provider(
            "possible",
            "`launch` is for launches from the EHR, and `launch/patient` is for apps "
            "that are opened on their own.",
            source=f"{sources.ECW_SCOPES}; that it leads to this code is inferred",
        ),
        causes.scope_not_registered("possible", source=sources.inferred(sources.ECW_SANDBOX)),
        says="invalid_scope (eClinicalWorks)",
        where="authorize redirect",
        oauth_errors=("invalid_scope",),
        source=sources.ECW_SCOPES,
    ),
)
