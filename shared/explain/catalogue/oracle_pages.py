"""Oracle Health: failures that it shows on its own page and that never reach the app."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* page {URN_LIST}
oracle/invalid-redirect-uri A:oauth2:grant:invalid-redirect-uri @ {URN_LIST}; {OF_ORACLE}
  = The redirect URI in the request isn't the registered one.
  redirect_uri_mismatch certain @ {URN_LIST}; {OF_ORACLE}; {AUTHORIZATION}
    ? The host, path, port or case is different. Query parameters in addition to the registered ones
      are allowed, but a `#` isn't.
    > $CHECK_REDIRECT_URI $WAIT_A_QUARTER
  client_id_mismatch possible @ inferred
    > $COMPARE_CLIENT_ID
oracle/invalid-redirect-uri-trailing-slash A:oauth2:grant:invalid-redirect-uri-trailing-slash
  = The redirect URI differs from the registered one only in the trailing slash.
  redirect_uri_mismatch certain @ {URN_LIST}; {AUTHORIZATION}
    ? This app doesn't send a trailing slash.
    > In the code console, remove the trailing slash from Redirect URI.
    > $WAIT_A_QUARTER
oracle/redirect-uri-not-absolute A:oauth2:grant:redirect-uri-not-absolute
  = The redirect URI in the request, or the registered one, isn't a full URL.
  redirect_uri_mismatch certain @ {URN_LIST}; {AUTHORIZATION}
    ? The scheme or host is missing. A custom scheme needs a host too: `app://callback`, not
      `app://`.
    > In the code console, set Redirect URI to a full URL, with a scheme and a host.
    > Set `public_url` in smart.toml to a full URL, with scheme and host.
oracle/redirect-uri-not-registered A:oauth2:grant:redirect-uri-not-registered
  = The app's registration doesn't have this redirect URI.
  @ {URN_LIST}; {AUTHORIZATION}
  redirect_uri_mismatch certain
    ? No redirect URI is registered, or several are and the request doesn't name one.
    > $CHECK_REDIRECT_URI
    > Send `redirect_uri` with every authorization request, as this app does.
    > $WAIT_A_QUARTER
oracle/preauthentication A:preauthentication @ {URN_LIST}; {LAUNCH_SERVER}
  = The EHR couldn't hand its signed-in user over to the authorization server.
  ehr_side likely
    ? The handover from PowerChart failed. The app wasn't involved yet.
    > Close the app and launch it again from the chart. Sign in if a login page appears. |standalone
      Close the app and launch it again. Sign in if a login page appears. |backend -
    > Ask the site whether other SMART apps start from the same chart. |standalone -
    > $ASK_SUPPORT
oracle/session-api-bad-request alone @ {FORUM_BAD_REQUEST}
  " Bad Request at session-api/realm/TENANT?to=…&forceAuthn=true
  ~ session-api/realm/
  ~ \A\s{0,9}(?:http )?(?:400 )?bad request\W{0,9}\Z
  = The login service refused the URL before anyone could sign in. In `to=`, the URL contains the
    whole authorization request, encoded again.
  request_too_long possible @ inferred from {FORUM_BAD_REQUEST}
  scope_not_registered possible @ inferred from {FORUM_BAD_REQUEST}
    ? The list of scopes in a user's sign-in included `system/` scopes, which are only for backend
      services.
    > Remove every `system/` scope from `scopes` in smart.toml.
  ehr_side possible @ {FORUM_BAD_REQUEST} (its author's suspicion; no answer known)
    ? The author of the report suspects `forceAuthn`, which the EHR itself adds.
    > $ASK_SUPPORT
oracle/too-many-scopes redirect @ {AUTHORIZATION}
  " too many scopes
  ~ \btoo[ -]many[ -]scopes\b
  = The token wouldn't fit into a request header, because Oracle Health writes the scopes into the
    token. The URN of this error isn't published.
  request_too_long certain
    ? The limit for headers is between 4 and 8 kB, and the token contains every granted scope.
oracle/powerchart-blank launch @ {FORUM_POWERCHART}; {SMART_OVERVIEW}
  " site not loading in PowerChart
  ~ not loading in powerchart
  ~ \bpowerchart\b[^\n]{0,60}\b(?:blank|white)\b
  = The app's page stays blank inside PowerChart, but opens in a browser.
  ehr_side possible: PowerChart can't reach the app's URL.
    @ {SMART_OVERVIEW}; {FORUM_POWERCHART}; which of them applies is inferred
    ? PowerChart needs a public https URL on port 443 with a certificate that the hospital's
      machines trust.
    > Open the launch URL in the browser of a hospital workstation.
    > Run `make doctor CONFIG=smart.toml` and check `public_url_unreachable`.
    > Ask the site how the app is configured in PowerChart.
  cookies_blocked possible @ {SMART_OVERVIEW}
    ? PowerChart shows apps in WebView2, or at older sites in Internet Explorer, which doesn't
      support partitioned cookies. Pop-ups don't share cookies with PowerChart's iframe.
oracle/identity-provider-page alone @ {SIGN_IN_CHECKER}; {YOURPHR}
  " HTTP 200 with IdentityProviderRedirectPage from the authorization endpoint
  ~ identityproviderredirectpage
  = Oracle Health uses a script in this page, not a redirect, to send the browser to the login page.
    The page doesn't mean that the request was accepted or refused.
  request_malformed possible: A program called an endpoint that is meant for a browser.
    @ inferred from {SIGN_IN_CHECKER} and {YOURPHR}
    ? A script or test sent the authorization request, but it can't sign in.
    > Open the authorization request in a browser.
"""
)
