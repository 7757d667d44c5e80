"""eClinicalWorks (healow): errors on its authorization pages."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* page {SIGN_IN_CHECKER}
eclinicalworks/invalid-request-page
  " healow - Invalid Request
  ~ healow - invalid request
  ~ apps/jsp/fhir/error.jsp
  = The practice doesn't offer this kind of access. The page is returned with HTTP 200, without a
    redirect to the app.
  client_not_enabled_at_site likely @ {SIGN_IN_CHECKER}; {ECW_SANDBOX}
    ? The practice hasn't turned on patient access, or the app isn't on its list of allowed apps.
    > Ask the practice to turn on FHIR access for the app.
    > Ask eClinicalWorks to allow the app's client ID.
    > $RELAUNCH
  aud_wrong possible @ {PEERBITS}; that it leads to this page is inferred
    ? `aud` must equal `iss`.
eclinicalworks/launch-scope redirect code=invalid_scope @ {ECW_SCOPES}
  " invalid_scope (eClinicalWorks)
  = A scope is unknown to eClinicalWorks, or doesn't match how the app was opened.
  launch_patient_scope_on_provider possible @ {ECW_SCOPES}; that it leads to this code is inferred
    ? `launch` is for launches from the EHR, and `launch/patient` is for apps that are opened on
      their own.
  scope_not_registered possible @ inferred from {ECW_SANDBOX}
"""
)
