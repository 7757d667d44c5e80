"""Any EHR: the codes of RFC 6749, RFC 6750 and OpenID Connect, and their causes.

The codes that the token endpoint shares with others come last (RFC 6749 5.2).
"""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* redirect {RFC_6749}
generic/access-denied code=access_denied
  = The user or the EHR declined access.
  user_declined likely
  client_not_enabled_at_site possible
  user_not_permitted possible
    ? The EHR doesn't allow this user to use the app.
  scope_not_registered possible @ inferred
generic/invalid-request code=invalid_request
  = A parameter of the request is missing, repeated or wrong.
  launch_value_invalid possible @ {RFC_6749}; {HEALTH_GORILLA}; {FORUM_INVALID_LAUNCH}
  launch_parameter_missing possible @ {HEALTH_GORILLA}
  launch_scope_missing possible @ inferred from {SMART}
  aud_wrong possible @ {SMART}; {ONC_AUD}
  redirect_uri_mismatch possible @ {HEALTH_GORILLA}
  request_malformed possible
generic/invalid-scope code=invalid_scope
  = A scope is unknown, malformed or not allowed for the app.
  scope_not_registered likely @ {RFC_6749}; {HEALTH_GORILLA}
  scope_syntax possible @ {THE_MAP}; {PEERBITS}
  launch_patient_scope_on_provider possible @ inferred from {SMART}
  launch_scope_missing possible @ inferred from {HEALTH_GORILLA}
generic/unauthorized-client code=unauthorized_client
  = The EHR recognizes the app, but doesn't allow it to make this kind of request.
  client_not_enabled_at_site likely @ {RFC_6749}; {URN_LIST}
  persona_mismatch possible @ inferred from {RFC_6749}
    ? The app is registered as another kind of app: for patients, or as a backend service.
  not_propagated_yet possible @ {SMART_OVERVIEW}
generic/invalid-client token code=invalid_client
  = The EHR doesn't recognize the client, or doesn't accept its authentication.
  client_auth_wrong likely @ {RFC_6749}; {FORUM_CREDENTIALS}
  client_unknown possible @ {RFC_6749}; {HEALTH_GORILLA}
  not_propagated_yet possible @ {SMART_OVERVIEW}; {EPIC_SYNC}
  clock_skew possible @ inferred from {RFC_7523}
generic/token-invalid-request token code=invalid_request
  " invalid_request, from the token endpoint
  = The token endpoint didn't get a required parameter, or got one that is repeated or malformed.
  request_malformed likely
    > ~ In other software, send each parameter of the token request once, form-encoded in the body:
      `grant_type`, `code`, `redirect_uri`, `code_verifier` and, for a public client, `client_id`.
    > $RELAUNCH *2
  client_auth_wrong possible
    ? The client authenticates in two ways at once, or not at all.
  pkce_mismatch possible @ {RFC_7636}
    ? `code_verifier` is missing, or it isn't in the form that PKCE requires.
generic/invalid-client-at-authorize redirect code=invalid_client
  " ?error=invalid_client, in the URL of the callback
  = The EHR doesn't recognize the client, before the app has authenticated.
  client_unknown likely
  client_not_enabled_at_site possible
  redirect_uri_mismatch possible @ inferred
generic/invalid-grant token code=invalid_grant
  = The code or the refresh token isn't valid, or belongs to another request or client.
  code_expired_or_used possible @ {RFC_6749}; {HEALTH_GORILLA}
  redirect_uri_mismatch possible
    ? The token request names a different redirect URI than the authorization request.
    > Send the same redirect URI in both requests, as this app does.
    > Make sure that the same deployment serves both `https://HOST/launch` and
      `https://HOST/callback`.
    > $RELAUNCH
  pkce_mismatch possible @ {RFC_7636}
  client_id_mismatch possible
    ? The code was issued to another client ID. The launch and the callback run with different
      configurations.
  refresh_reused possible refresh
  session_ended possible refresh
    ? If this was a refresh, the grant was withdrawn or the user's session has ended.
generic/unsupported-grant-type token code=unsupported_grant_type
  = The token endpoint received no `grant_type` that it supports.
  request_malformed likely @ {RFC_6749}; the JSON body: inferred
    ? The body wasn't sent as a form, so the server couldn't read `grant_type`, or the server
      doesn't offer refresh tokens.
    > Send the token request's body as `application/x-www-form-urlencoded`, and the parameters of an
      authorization request in its query.
generic/server-error code=server_error
  = The EHR's authorization server failed.
  ehr_side certain
generic/temporarily-unavailable code=temporarily_unavailable
  = The EHR's authorization server is busy or down for maintenance.
  ehr_side certain
    ? The server says that it can't respond right now.
generic/login-required code=login_required,interaction_required,account_selection_required,\
    consent_required @ {OPENID}
  " login_required / interaction_required / account_selection_required / consent_required
  = The EHR needs input from the user and couldn't ask for it.
  session_ended likely: The user isn't signed in to the EHR, or must choose an account or consent.
    ? The EHR needs the user to sign in, choose an account or consent, but the request told it not
      to ask. This app never sends `prompt`.
    > Sign in to the EHR in this browser.
    > $RELAUNCH
    > If the request has `prompt=none`, remove it.
  cookies_blocked possible @ inferred
    ? In an iframe, the browser didn't send the EHR's own cookies, so the EHR couldn't tell that
      the user was signed in.
generic/request-object code=request_not_supported,request_uri_not_supported,\
    registration_not_supported,invalid_request_object,invalid_request_uri @ {OPENID}
  " request_not_supported, request_uri_not_supported, invalid_request_object
  = The request was sent as a request object or by reference, and the EHR doesn't accept that.
  request_malformed certain
    ? The request has the parameter `request`, `request_uri` or `registration`, which this app never
      sends.
    > Send the parameters themselves instead of `request` or `request_uri`.
generic/invalid-token fhir code=invalid_token @ {RFC_6750}
  " WWW-Authenticate: Bearer error="invalid_token"
  = The FHIR server doesn't accept the access token.
  access_token_expired likely @ {RFC_6750}; {HEALTH_GORILLA}
  session_ended possible
    ? The token was revoked: the user signed out or ended the app's access.
  tenant_mismatch possible @ inferred from {RFC_6750}
generic/insufficient-scope fhir code=insufficient_scope @ {RFC_6750}
  " WWW-Authenticate: Bearer error="insufficient_scope"
  = The request needs a scope that the token doesn't have.
  scope_trimmed likely @ {RFC_6750}; {HEALTH_GORILLA}
  scope_not_registered possible
  user_not_permitted possible @ {HEALTH_GORILLA}
generic/fhir-401 fhir status=401 @ {RFC_6750}
  " 401 Unauthorized from FHIR, without details
  = The FHIR server doesn't accept the request's token.
  access_token_expired likely @ {RFC_6750}; {HEALTH_GORILLA}
  token_of_another_server possible
  token_not_in_header possible
  tenant_mismatch possible @ {FORUM_TENANT_MISMATCH}
    ? The token belongs to a different FHIR base than the one that was called.
generic/fhir-403 fhir status=403 @ {RFC_6750}
  " 403 Forbidden from FHIR, without details
  = The token is valid, but doesn't allow this request.
  scope_trimmed likely @ {RFC_6750}; {FORUM_403}
  user_not_permitted possible @ {RFC_6750}; {OF_AZURE}
generic/fhir-bad-request fhir status=400 @ {R4}
  " 400 Bad Request from FHIR
  = The FHIR server doesn't accept the request's parameters.
  fhir_request_invalid likely
    > Read `diagnostics` in the OperationOutcome, and correct the parameter or the value that it
      names. `metadata` lists what the server offers.
generic/fhir-not-accepted fhir status=406,412,415,422 @ {RFC_9110}
  " 406, 412, 415 or 422 from FHIR
  = The FHIR server doesn't accept the format or the content of the request.
  fhir_request_invalid likely
    > Send `Accept: application/fhir+json`, and for writes, send the same value as `Content-Type`.
    > *0
generic/fhir-not-found fhir status=404,410 @ {R4}
  " 404 Not Found from FHIR
  = The FHIR server has nothing at this URL: no such resource, type or path.
  fhir_request_invalid possible
  fhir_base_wrong possible
generic/fhir-failed fhir status=500,502,503,504 @ {RFC_9110}
  " 500, 502, 503 or 504 from FHIR
  = The FHIR server, or a proxy in front of it, failed.
  ehr_side likely
generic/discovery-failed launch status=500,502,503,504 @ {RFC_9110}
  " 500, 502, 503 or 504 from smart-configuration or metadata
  = The server, or a proxy in front of it, failed to return its configuration.
  ehr_side likely
generic/authorize-failed status=500,502,503,504 @ {RFC_9110}
  " 500, 502, 503 or 504 from the authorization endpoint
  = The authorization server, or a proxy in front of it, failed.
  ehr_side likely
generic/authorize-not-there status=404,405 @ {RFC_9110}
  " 404 or 405 from the authorization endpoint
  = There's no authorization endpoint at this URL.
  endpoint_wrong likely
$wait-a-minute Wait a minute, then launch the app again from the patient's chart. |standalone Wait a
  minute, then launch the app again. |backend Wait a minute.
$if-this-continues If this continues, give the EHR's support the time and the client ID, and ask how
  many requests the EHR accepts from this app.
* token {RFC_6749}
generic/token-too-many-requests status=429 @ {RFC_6585}
  " 429 Too Many Requests from the token endpoint
  = The EHR isn't accepting more requests at the moment, and it didn't process this one.
  ehr_side certain: The EHR is busy.
    c The EHR is busy. Try again in a minute.
    ? The EHR got too many requests in a short time, from this app or from others.
    > $wait-a-minute $if-this-continues
generic/token-unavailable status=503 @ {RFC_9110}
  " 503 Service Unavailable from the token endpoint
  = The EHR can't respond at the moment.
  ehr_side certain: The EHR is busy or under maintenance.
    c The EHR is busy. Try again in a minute.
    ? The EHR itself says that this is temporary. The app can't fix it.
    > $wait-a-minute $if-this-continues
generic/token-invalid-scope code=invalid_scope
  " invalid_scope from the token endpoint
  = No token was issued, because no scope could be granted or because a requested scope isn't in the
    original grant.
  scope_not_registered likely
  scope_syntax possible @ inferred
generic/token-unauthorized-client code=unauthorized_client
  " unauthorized_client from the token endpoint
  = The EHR recognizes the client, but doesn't allow it to get a token this way.
  client_not_enabled_at_site likely: The app is registered for another kind of sign-in.
    ? The registration doesn't allow the authorization code flow or, if a token was being renewed,
      refresh tokens.
    > In the registration, check that the app can use the authorization code flow
      (`authorization_code`), and also refresh tokens if `scopes` in smart.toml has `online_access`
      or `offline_access`.
    > $RELAUNCH
  client_auth_wrong possible @ inferred
generic/token-server-error code=server_error,temporarily_unavailable @ inferred
  " server_error or temporarily_unavailable from the token endpoint
  = The EHR's token endpoint failed. RFC 6749 defines these codes for the authorization endpoint,
    but some servers return them here too.
  ehr_side likely
"""
)
