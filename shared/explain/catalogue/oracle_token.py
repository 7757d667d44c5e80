"""Oracle Health: errors of its token endpoint about codes, clients and scopes."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* token {URN_LIST}
oracle/code-invalid-or-expired A:oauth2:token:code-invalid-or-expired
  = The authorization code isn't valid: it was already used, is too old, or isn't from this server.
  @ {AUTHORIZATION}; {URN_LIST} (as code:invalid)
  code_expired_or_used likely @ {URN_LIST}; {OF_ORACLE}; {AUTHORIZATION}
  pkce_mismatch possible @ inferred from RFC 7636; Oracle Health publishes no error for it
    ? For example, the page and the server each created their own verifier.
oracle/code-client-mismatch A:oauth2:token:code:client:mismatch
  = The code was issued to a different client ID than the one that exchanges it.
  client_id_mismatch certain
    > Deploy `launch` and `callback` with the same smart.toml.
    > $COMPARE_CLIENT_ID $RELAUNCH
oracle/code-tenant-mismatch A:oauth2:token:code:tenant:mismatch
  = The code was issued for a different tenant than the one whose token endpoint was called.
  tenant_mismatch certain
    ? For example, a fixed token URL is configured.
    > $USE_DISCOVERED $COMPARE_TENANT $RELAUNCH
oracle/token-invalid-tenant A:oauth2:token:invalid-tenant A:oauth2:token:code:tenant-invalid \
    @ {FORUM_TENANT}
  = The token endpoint doesn't recognize the tenant in its own URL.
  tenant_mismatch likely @ {FORUM_TENANT}; the interpretation: inferred
    ? The tenant ID in the URL is mistyped (in the only known report, it has one letter too many),
      or belongs to a different host.
    > $USE_DISCOVERED $COMPARE_TENANT
    > If the tenant is a UUID, count its characters: a UUID has 36 (8-4-4-4-12).
  client_not_enabled_at_site possible @ inferred
    ? The tenant is a non-production domain that isn't enabled for apps.
    > $ENABLE_AT_SITE
oracle/token-invalid-redirect-uri A:oauth2:token:invalid-redirect-uri @ {URN_LIST}; {AUTHORIZATION}
  = The redirect URI in the token request isn't the same as the one in the authorization request.
  redirect_uri_mismatch certain
    ? Both requests must name the same redirect URI. If the authorization request left out
      `redirect_uri`, the token request must leave it out too.
    > Send the same `redirect_uri` in both requests.
    > If `public_url` or `redirect_path` in smart.toml was just changed, launch again. |backend -
oracle/invalid-client-credentials A:oauth2:token:invalid-client-credentials
  = The app didn't prove its identity. `client=unknown` in the error is normal here: the server
    doesn't trust a client ID before the client is authenticated.
  @ {FORUM_CREDENTIALS}; {URN_LIST}
  client_auth_wrong likely @ {URN_LIST}; {FORUM_CREDENTIALS}; the public client's header: inferred
    ? The secret is wrong, or it belongs to another account. Otherwise, a public client sent an
      Authorization header or an empty secret, or a confidential client sent no secret.
    > $CHECK_PRIVACY
    > For a public client, send `client_id` in the form body and no Authorization header.
    > For a confidential client, copy the secret again from the system account for this Client ID,
      and store it where `client_secret` in smart.toml points.
    > $BASIC_FORM
  client_id_mismatch possible @ inferred
    ? The client ID and the secret belong to two apps or environments.
    > $COMPARE_CLIENT_ID
oracle/invalid-authorization-header A:oauth2:token:invalid-authorization-header
  = The token request's Authorization header is malformed or has an unknown scheme.
  @ {FORUM_JWT}; {FORUM_POSTMAN}; {URN_LIST}
  client_auth_wrong likely
    ? A signed assertion was sent as `Authorization: Bearer`, or a tool set its own header. Only
      Basic credentials belong in that header. An assertion goes into the body.
    > Send a secret as Basic credentials in the header, or a signed assertion as `client_assertion`
      with `client_assertion_type` in the form body, never as `Bearer`.
    > $CHECK_PRIVACY
oracle/empty-scopes A:oauth2:token:empty-scopes @ {THE_MAP}; {GROUP}/iSjwVxximKQ; {URN_LIST}
  = None of the requested scopes is left, so the token would have no scope. To tell the first two
    causes apart, open the app's page in the code console, which shows the app's SMART Version and
    resources.
  scope_not_registered likely @ {GROUP}/iSjwVxximKQ; {URN_LIST}
    ? The app has none of these scopes, according to the vendor's reply to the only known report.
    > $CHECK_SCOPES
    > For `system/` scopes, add the resources to the system app's registration.
    > $WAIT_A_QUARTER
  scope_syntax likely @ {THE_MAP}
    ? The scopes are written for SMART v1 (`.read`), but the app is registered for v2 (`.rs`), or
      the reverse.
    > $CHECK_SMART_VERSION $RELAUNCH
  client_not_enabled_at_site possible refresh @ {URN_LIST}
    ? If this was a refresh, the app's scopes were revoked after the launch.
    > $ENABLE_AT_SITE $RELAUNCH
oracle/unsupported-grant-type lacks=grant_type A:oauth2:token:unsupported-grant-type
  = The token endpoint received no `grant_type` that it recognizes.
  request_malformed likely @ inferred from {URN_LIST}
    ? The body was sent as JSON, so the server couldn't read `grant_type`, or `grant_type` is
      mistyped.
    > Send the body as `application/x-www-form-urlencoded`, with `grant_type=authorization_code` or
      `refresh_token`.
oracle/terminated-client A:oauth2:token:terminated-client
  = The app is no longer registered.
  client_unknown certain
    ? The registration was deleted or ended after this launch or session started.
    > In the code console, check whether the app is still there. If it isn't, register it again, and
      set `client_id` in smart.toml to its Client ID.
oracle/patient-scope-requires-one-patient-id A:oauth2:token:patient-scope-requires-one-patient-id
  = Scopes that begin with `patient/` require exactly one patient.
  patient_context_missing certain
oracle/testing-token A:oauth2:token:tenant-not-enabled-for-testing \
    A:oauth2:token:client-not-enabled-for-testing A:oauth2:token:invalid-testing-scenario
  = The request was for a test token, a feature for the vendor's own tests.
  client_not_enabled_at_site likely
    ? The tenant or app isn't enabled for test tokens, or the combination of scopes and patients
      can't occur with real users.
    > Launch the app from the chart or the code console instead. |standalone -
oracle/refresh-token-invalid A:oauth2:token:refresh-token:token-invalid
  = The refresh token is no longer valid, or the user revoked it.
  @ {URN_LIST}; {AUTHORIZATION}
  session_ended likely
    ? The grant ended: the user revoked it, it was unused for three months (`offline_access`), or it
      was suspended because the app's certificate or DNS changed.
    > $RELAUNCH
    > If the error URL lets the user approve the app again, ask the user to do that. An approval
      restores suspended grants.
oracle/refresh-session-invalid A:oauth2:token:refresh-token:session-invalid
  = The refresh token was issued for `online_access`, and the user's session has ended.
  @ {URN_LIST}; {AUTHORIZATION}
  session_ended certain @ {URN_LIST}; {AUTHORIZATION}; {OF_ORACLE}
    ? The user signed out of the EHR or was idle too long. With `online_access`, the app's access
      ends with the session.
    > $RELAUNCH
    > A job that runs without a user can't use `online_access`. Such a job needs a system account
      and `system/` scopes, or `offline_access` if the app's Type of Access allows it.
oracle/tenant-terminated A:oauth2:token:code:tenant-terminated \
    A:oauth2:token:refresh-token:tenant-terminated
  = The app is no longer allowed to access this tenant, so its grants there have ended.
  client_not_enabled_at_site certain
    ? The site revoked the app's access.
    > $ENABLE_AT_SITE $RELAUNCH
"""
)
