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
  client_not_enabled_at_site likely
    ? The practice hasn't turned on patient access, or the app isn't on its list of allowed apps.
    > Ask the practice to turn on FHIR access for the app.
    > Ask eClinicalWorks to allow the app's client ID.
    > $RELAUNCH
    @ {SIGN_IN_CHECKER}; {ECW_SANDBOX}
  aud_wrong possible
    ? `aud` must equal `iss`.
    @ {PEERBITS}; that it leads to this page is inferred
eclinicalworks/launch-scope redirect code=invalid_scope
  " invalid_scope (eClinicalWorks)
  = A scope is unknown to eClinicalWorks, or doesn't match how the app was opened.
  @ {ECW_SCOPES}
  launch_patient_scope_on_provider possible
    ? `launch` is for launches from the EHR, and `launch/patient` is for apps that are opened on
      their own.
    @ {ECW_SCOPES}; that it leads to this code is inferred
  scope_not_registered possible
    @ inferred from {ECW_SANDBOX}
"""
)
