"""athenahealth: errors of its authorization server, from reports in its public tracker."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
$in-athenahealths-developer In athenahealth's developer portal, compare the app's redirect URIs with
  `https://HOST/callback` (`public_url` + `redirect_path` in smart.toml), character by character.
* page {ATHENA_7}
athenahealth/unknown-client
  " Unknown client
  ~ \bunknown client\b
  = The server didn't find a client for this request. The server returns this error even if only the
    redirect URI differs.
  redirect_uri_mismatch likely
    ? The redirect URI was registered in lowercase but sent with capital letters.
    > $in-athenahealths-developer $RELAUNCH
  client_unknown possible @ inferred
    ? The client ID is mistyped, or belongs to another environment.
athenahealth/redirect-uri @ {ATHENA_242}
  " does not match the redirect URIs configured for the application
  ~ does not match the redirect uris? configured for the application
  = The redirect URI isn't one of the registered ones.
  redirect_uri_mismatch certain
    ? In one report, a stray slash after `/authorize/` changed the request.
    > $in-athenahealths-developer
    > Use the authorization endpoint from discovery, without an added slash.
athenahealth/oops alone @ {ATHENA_267}
  " Oops! (page without further text)
  ~ \boops!
  = The server didn't understand the launch request. The page has no further text.
  request_malformed possible @ inferred from {ATHENA_267}
    ? A parameter is missing or wrong. The known report doesn't say which one.
    > Compare the request parameter by parameter with the list in docs/troubleshooting.md. `aud`
      must be the FHIR base.
    > Make sure the app and `scopes` use the same SMART version. At athenahealth, v1 and v2 are
      separate products.
  launch_value_invalid possible @ inferred from {ATHENA_267}
athenahealth/scope-not-authorized redirect code=unauthorized_client @ {ATHENA_314}
  " unauthorized_client;Description=Requested scope not authorized
  ~ requested scope not authorized
  = The app isn't allowed to request one of the scopes.
  scope_not_registered likely
    ? A scope in the list isn't approved for the app.
    > In the developer portal, compare the app's scopes with `scopes` in smart.toml.
    > Apply for the missing scopes, which are approved one by one.
  scope_syntax possible @ inferred from {YOURPHR_ATHENA}
    ? SMART v1 and v2 are separate products. An app that is registered for one can't use the other's
      scopes.
athenahealth/authorize-callback-500 @ {ATHENA_157}
  " HTTP 500 at /oauth2/authorize-callback
  ~ oauth2/authorize-callback
  = The authorization server failed after the sign-in.
  ehr_side likely
    ? The failure happens after the user's sign-in and before the redirect to the app.
athenahealth/pkce-web-app token code=invalid_client @ {YOURPHR_ATHENA}
  " token request of a Web app refused (invalid_client or invalid_request)
  = At athenahealth, a Web app is a confidential client, so it must authenticate with its secret. It
    can't use PKCE, which this app always uses.
  client_auth_wrong likely @ {YOURPHR_ATHENA}; that it leads to this code is inferred
    ? The app was registered as Web and sends no secret, or it was registered as public and sends a
      secret.
    > In the developer portal, check the app's type. If it's Web, register the app as a type that
      allows PKCE. Then set `client_auth` in smart.toml, and `client_secret` only if that type has a
      secret.
    > Make sure the FHIR base belongs to this practice. Each site has its own FHIR base.
"""
)
