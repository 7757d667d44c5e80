"""Oracle Health: errors of its authorization endpoint about client, tenant, user and scopes."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* redirect {URN_LIST}
oracle/missing-patient A:oauth2:grant:missing-patient @ {GROUP}/RnQ3xMboX0k
  = Scopes that begin with `patient/` were requested, but there's no patient in context.
  patient_context_missing likely
    ? The app was opened without a chart. |standalone $NEEDS_PATIENT
    > Open a patient's chart and launch the app from there. |standalone $CHOOSE |backend -
    > If clinicians open the app on its own, add `user/` scopes to `scopes` in smart.toml. The app
      must then let them search for the patient.
  launch_parameter_missing likely
    ? According to the vendor's reply to a report of this error, `launch` and `aud` weren't sent, so
      the server couldn't look up the patient.
    > $LAUNCH_FROM_CONSOLE
    > Send `launch` and `aud` exactly as received with the launch.
  launch_scope_missing possible @ inferred from {SPECIFICATION}
oracle/invalid-patient-id A:oauth2:grant:invalid-patient-id
  = The selected patient doesn't exist, or this user isn't allowed to see the record.
  user_not_permitted likely
    > *0
    > In the sandbox, choose a user and a patient who belong together.
  patient_context_missing possible
    ? The patient doesn't exist in this tenant.
oracle/denied-by-server A:oauth2:grant:denied-by-server @ {URN_LIST}; {AUTHORIZATION}
  = The app isn't allowed any of the scopes that it requested.
  scope_not_registered likely
    ? None of the resources in `scopes` is selected for the app in the code console, or the tenant
      didn't allow them.
    > $CHECK_SCOPES $SUBSCRIBE_PRODUCT $WAIT_A_QUARTER
  scope_syntax likely @ inferred from {YOURPHR} and {THE_MAP}
    ? All scopes are written in the other SMART version's syntax or with a wildcard. Oracle Health
      drops such scopes, so none are left.
    > $CHECK_SMART_VERSION $RELAUNCH
  client_not_enabled_at_site possible @ inferred from {SMART_OVERVIEW}
    > $ENABLE_AT_SITE $RELAUNCH
  not_propagated_yet possible @ {SMART_OVERVIEW}
    ? A new or changed registration takes up to 15 minutes to reach the servers.
    > $WAIT_A_QUARTER
oracle/denied-by-user A:oauth2:grant:denied-by-user @ {URN_LIST}; {GROUP}/v3AeGwBAVB0
  = The user declined, or navigated back from the login page.
  user_declined certain
oracle/unknown-client page A:oauth2:grant:unknown-client
  ~ the application isn.t currently registered
  = No app is registered with this client ID.
  @ {URN_LIST}; {TUTORIAL_123}; {SIGN_IN_CHECKER}
  client_unknown likely @ {URN_LIST}; {TUTORIAL_123}; the Application ID: inferred
    > $COMPARE_CLIENT_ID $RELAUNCH
  not_propagated_yet possible @ {SMART_OVERVIEW}
    ? A new registration takes up to 15 minutes to reach the servers.
    > $WAIT_A_QUARTER
oracle/client-persona-mismatch page A:oauth2:grant:client-persona-mismatch @ {YOURPHR}
  = The app is registered for patients but opened the clinicians' login page, or the reverse.
  persona_mismatch likely @ {YOURPHR}; that it appears as a page is inferred
    ? `personas/provider` belongs to hosts named `fhir-ehr…`, and `personas/patient` to
      `fhir-myrecord…`. The Application Type in the code console must match.
    > $CHECK_APPLICATION_TYPE
    > Use the FHIR base of that persona as `iss` in smart.toml: `fhir-ehr…` for clinicians,
      `fhir-myrecord…` for patients.
oracle/unknown-tenant page A:oauth2:grant:unknown-tenant @ {URN_LIST}; {YOURPHR}
  = This authorization server doesn't recognize the tenant.
  tenant_mismatch likely
    ? The request for this tenant was sent to the wrong host, or the tenant ID is mistyped.
      `authorization.cerner.com` and `authorization.sandboxcerner.com` have different tenants.
    > $USE_DISCOVERED $COMPARE_TENANT
  client_not_enabled_at_site possible @ {YOURPHR} (its author's first diagnosis, later revised)
    ? The app has no FHIR product in the code console.
    > $SUBSCRIBE_PRODUCT $WAIT_A_QUARTER
oracle/tenant-not-configured page A:oauth2:grant:tenant-not-configured
  = The server recognizes the tenant, but the tenant has no login for this persona.
  persona_mismatch likely @ inferred from {URN_LIST}
    ? Patients are sent to a tenant where only clinicians sign in, or the reverse.
    > Use the FHIR base of the other persona as `iss` in smart.toml.
    > $CHECK_APPLICATION_TYPE
  ehr_side possible
    ? The tenant's identity provider isn't set up.
    > $ASK_SUPPORT
oracle/unauthorized-client-for-tenant A:oauth2:grant:unauthorized-client-for-tenant
  = The app is registered, but this tenant hasn't enabled it.
  client_not_enabled_at_site certain @ {URN_LIST}; {SMART_OVERVIEW}
    > $ENABLE_AT_SITE $RELAUNCH
  not_propagated_yet possible @ {SMART_OVERVIEW}
    > $WAIT_A_QUARTER
oracle/invalid-request A:oauth2:grant:invalid-request
  = The authorization request couldn't be read.
  request_malformed certain
    ? A required parameter is missing or repeated, or the query is encoded incorrectly.
oracle/unsupported-response-type lacks=response_type A:oauth2:grant:unsupported-response-type
  = A `response_type` other than `code` was requested.
  request_malformed certain
    ? Oracle Health offers only `response_type=code`, and refuses `code id_token` and `token`.
    > Send `response_type=code`. For an ID token, include `openid` in the scopes.
oracle/csrf-security-failure A:oauth2:grant:csrf-security-failure
  = The consent page was submitted with a token that doesn't belong to it.
  user_mismatch possible: Two launches ran at the same time in this browser, or a page was \
      submitted late. @ inferred from {URN_LIST}
    c Two launches ran at the same time, or a page was left open too long.
    ? The consent page belongs to one launch, and only for a time.
    > Close the other tabs of the app and of the login page.
    > $RELAUNCH
  cookies_blocked possible @ inferred from {URN_LIST}
    ? The browser didn't keep the authorization server's cookies, so the server couldn't recognize
      its own page.
    > *0
    > Ask the administrator to allow the authorization server's cookies.
oracle/server-error A:oauth2:grant:server-error A:server-error
  = The authorization server failed.
  ehr_side certain
oracle/authentication-cancelled A:grant:session-service:authentication:cancelled
  = The user or the identity provider canceled the sign-in.
  user_declined likely
    ? The user left the login page.
  ehr_side possible
    ? The site's identity provider aborted the sign-in.
    > Ask the site whether this user is allowed to sign in with the identity provider.
    > $ASK_SUPPORT
oracle/authentication-error A:grant:session-service:authentication:error
  = The sign-in failed at the identity provider.
  ehr_side certain
oracle/authorized-representative-server-error \
    A:oauth2:grant:authorized-representative-server-error \
    A:unregistered-authorized-representatives-server
  = The service that lists the people a user can act for has failed, or it isn't set up for this
    tenant.
  ehr_side certain
    ? The service is used only in patients' launches.
"""
)
