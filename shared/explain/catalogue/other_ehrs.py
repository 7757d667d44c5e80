"""EHRs with few known errors: athenahealth (from reports in its public tracker), MEDITECH (from its
sandbox, Greenfield) and eClinicalWorks (from its authorization pages, healow).
"""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
$in-athenahealths-developer In athenahealth's developer portal, compare the app's redirect URIs with
  `https://HOST/callback` (`public_url` + `redirect_path` in smart.toml), character by character.
* page {OF_ATHENAHEALTH}/7
athenahealth/unknown-client
  " Unknown client
  ~ \bunknown client\b
  = The server didn't find a client for this request. The server returns this error even if only the
    redirect URI differs.
  redirect_uri_mismatch likely
    ? The redirect URI was registered in lowercase but sent with capital letters.
    > $in-athenahealths-developer $RELAUNCH
  client_unknown possible @ inferred
athenahealth/redirect-uri @ {OF_ATHENAHEALTH}/242
  " does not match the redirect URIs configured for the application
  ~ does not match the redirect uris? configured for the application
  = The redirect URI isn't one of the registered ones.
  redirect_uri_mismatch certain
    ? In one report, a stray slash after `/authorize/` changed the request.
    > $in-athenahealths-developer
    > Use the authorization endpoint from discovery, without an added slash.
athenahealth/oops alone @ {OF_ATHENAHEALTH}/267
  " Oops! (page without further text)
  ~ \boops!
  = The server didn't understand the launch request. The page has no further text.
  request_malformed possible @ inferred from {OF_ATHENAHEALTH}/267
    ? A parameter is missing or wrong. The known report doesn't say which one.
    > Compare the request parameter by parameter with the list in docs/troubleshooting.md. `aud`
      must be the FHIR base.
    > Make sure the app and `scopes` use the same SMART version. At athenahealth, v1 and v2 are
      separate products.
  launch_value_invalid possible @ inferred from {OF_ATHENAHEALTH}/267
athenahealth/scope-not-authorized redirect code=unauthorized_client @ {OF_ATHENAHEALTH}/314
  " unauthorized_client;Description=Requested scope not authorized
  ~ requested scope not authorized
  = The app isn't allowed to request one of the scopes.
  scope_not_registered likely
    > In the developer portal, compare the app's scopes with `scopes` in smart.toml.
    > Apply for the missing scopes, which are approved one by one.
  scope_syntax possible @ inferred from {YOURPHR_ATHENA}
    ? SMART v1 and v2 are separate products. An app that is registered for one can't use the other's
      scopes.
athenahealth/authorize-callback-500 @ {OF_ATHENAHEALTH}/157
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
    > In the developer portal, check the app's type. If it's Web, register the app as a type that
      allows PKCE. Then set `client_auth` in smart.toml, and `client_secret` only if that type has a
      secret.
    > Make sure the FHIR base belongs to this practice. Each site has its own FHIR base.
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
    > Send `code_challenge` and `code_challenge_method=S256`, as this app always does.
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
eclinicalworks/launch-scope redirect code=invalid_scope @ {ECW_SCOPES}
  " invalid_scope (eClinicalWorks)
  = A scope is unknown to eClinicalWorks, or doesn't match how the app was opened.
  launch_patient_scope_on_provider possible @ {ECW_SCOPES}; that it leads to this code is inferred
    ? `launch` is for launches from the EHR, and `launch/patient` is for apps that are opened on
      their own.
  scope_not_registered possible @ inferred from {ECW_SANDBOX}
"""
)
