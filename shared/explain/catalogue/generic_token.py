"""Any EHR: token endpoint errors whose codes other endpoints use too.

RFC 6749 5.2. `generic` has the meaning of these codes at the authorization endpoint.
"""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
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
