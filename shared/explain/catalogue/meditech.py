"""MEDITECH: errors of its sandbox, Greenfield."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* redirect {THE_MAP}
meditech/access-denied code=access_denied
  " error=access_denied without a description (MEDITECH Greenfield)
  = The sign-in worked, but the person isn't allowed to use this app.
  user_not_permitted likely
    ? The Google account used to sign in isn't linked to the client ID. MEDITECH links them
      manually.
    > Write to MEDITECH's Greenfield team. Give them the client ID and the Google account.
  user_declined possible @ {RFC_6749}
meditech/pkce-required code=invalid_request
  " invalid_request at the authorization endpoint without PKCE (MEDITECH)
  = MEDITECH requires PKCE with S256 and refuses requests without it.
  request_malformed possible @ {THE_MAP}; that it leads to this code is inferred
    ? `code_challenge` or `code_challenge_method=S256` is missing. This app always sends both
      parameters.
    > Send `code_challenge` and `code_challenge_method=S256`.
  launch_parameter_missing possible @ inferred from {THE_MAP}
    ? MEDITECH's capabilities list standalone launches but no EHR launch, so it might not support a
      launch from a chart. |standalone MEDITECH's capabilities list standalone launches but no EHR
      launch.
    > Set `standalone = true` in smart.toml and open `/launch?ehr=KEY`.
meditech/invalid-client token code=invalid_client
  " invalid_client at the token endpoint (MEDITECH)
  = MEDITECH accepts the secret in the form body, not in a Basic header.
  client_auth_wrong possible @ {THE_MAP}; that it leads to this code is inferred
    > Set `client_auth = "client_secret_post"` in smart.toml.
"""
)
