"""Any EHR: the fixed messages of browsers, networks and TLS, which no server writes."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* launch inferred
generic/frame-refused alone @ {EMBEDDABLE}
  " Refused to display … in a frame because it set 'X-Frame-Options' / frame-ancestors
  ~ refused to (?:display|frame)\b[^\n]{0,200}
  ~ \berr_blocked_by_response\b|\ballow-top-navigation|unsafe attempt to initiate navigation
  ~ \brefus\w+ to (?:load|open|render)\b[^\n]{0,40}\bi?frame
  ~ in a frame because\b|ancestor violates\b|refused to connect\b(?! to '| because)
  ~ \b(?:denied|blocked) by (?:the )?\W?x-frame-options|load denied by
    x-frame|x-frame-options\W{1,3}(?:(?:is|was|of|set to) )?\W?(?:sameorigin|deny)|\
    frame-ancestors\W{1,3}(?:'none'|'self')
  = The browser won't show a page in a frame, because the page's own headers forbid it.
  frame_refused likely @ {EMBEDDABLE}; the sender is inferred
generic/app-scheme alone @ {RFC_8252}
  " ERR_UNKNOWN_URL_SCHEME / Safari cannot open the page because the address is invalid
  ~ err_unknown_url_scheme|address is(?:n't| not)? (?:in)?valid|scheme does not have a registered|\
    no activity found to handle intent|isn't associated with any program
  = The device has no app for the scheme of this URL.
  redirect_uri_mismatch likely: No app on the device has registered the redirect URI's scheme.
    ? The system hands a redirect URI to the app that has registered what comes before its colon.
    > In the app, register the scheme of the redirect URI: `CFBundleURLTypes` in Info.plist (iOS),
      or an intent filter (Android). In a web view, hand the URL over to the system.
generic/stale-launch alone @ {SMART_OVERVIEW}
  " The app still shows the previous patient
  ~ \b(?:always|still|keeps?) (?:show|display|load)\w*[^\n.]{0,30}\b(?:first|previous|old|last)
    (?:patient|chart)\b|\b(?:shows?|displays?|loads?)\b[^\n.]{0,25}\b(?:data|chart|patient) of the
    (?:first|previous|other|old|last)\b[^\n.]{0,8}(?:patient|launch|chart)
  = The app shows an earlier launch, not the one that the EHR opened now.
  state_unknown likely: The app reuses the stored data of an earlier launch.
    ? Windows that an EHR embeds can share one browser session, and with it `sessionStorage`.
    > Keep each launch's data under its `state`. At the launch URL, drop the stored session of an
      earlier launch, and send that page with `Cache-Control: no-store`.
generic/cookie-refused alone @ inferred
  " This Set-Cookie was blocked … SameSite / Third-party cookie is blocked / Cookies are required
  ~ tracking prevention blocked access to storage|blocked access to cookies or site data
  ~ set-cookie\b[^\n]{0,120}\b(?:samesite|blocked)|third-party cookies? (?:will be|is|are|was)
    blocked|\bcookie\b[^\n]{0,80}\brejected\b[^\n]{0,60}(?:samesite|secure|partition|cross)
  ~ cookies (?:are|must be) (?:required|not enabled|disabled)|enable cookies in your browser|\
    cookies enabled and try again
  = The browser didn't keep a cookie. Often, its page is in a frame of another site.
  cookies_blocked likely
generic/content-blocked alone @ {CSP}
  " Refused to connect … Content Security Policy / Mixed Content / ERR_BLOCKED_BY_CLIENT
  ~ violates the (?:following|document's) content security policy[^\n]{0,200}
  ~ content[- ]security[- ]policy[^\n]{0,120}\bblocked\b[^\n]{0,120}|blocked the loading of (?:a
    resource|mixed)[^\n]{0,200}
  ~ \bmixed content:[^\n]{0,200}|requested an insecure \w+|err_blocked_by_(?:client|csp)\b|\
    \bblocked:(?:csp|mixed-content)|content must be served over https
  = The browser didn't send the request: the page's own policy, mixed content, or an extension.
  content_blocked certain
generic/cors alone @ {FETCH}
  " has been blocked by CORS policy / No 'Access-Control-Allow-Origin' header
  ~ (?:from origin '[^'\n]{1,300}' has been )?blocked by cors policy[^\n]{0,200}
  ~ cross-origin request blocked[^\n]{0,200}|origin \S{1,300} is not allowed by access-con
  ~ \bdoesn't pass access control check|not allowed for a preflight|cors request did not succeed|\
    \bno 'access-control-allow-|cors header 'access-control-allow-origin' missing|is not allowed by
    access-control-allow-|credential is not supported if the cors header
  ~ (?-i:\b(?:[Pp]reflight|OPTIONS))\b(?:[^\n.]|\.\S){0,99}?\b40[1345]\b|\b40[1345]\b[^\n.]{0,60}\
    \bpreflight
  ~ 'access-control-allow-(?:origin|headers|methods|credentials)' header (?:in the response
    )?(?:must|contains|has|is)\b[^\n]{0,200}
  = The browser sent a request to another origin, but doesn't let the page read the response.
  cors_blocked certain
generic/fetch-failed alone @ {FETCH}
  " TypeError: Failed to fetch / NetworkError when attempting to fetch resource
  ~ \bfailed to fetch\b(?! the)|networkerror when attempting|xhr error\b|\bload failed
  = The browser got no response, or one that the page isn't allowed to read. The page can't find out
    why.
  cors_blocked possible @ inferred from {FETCH}
  network_unreachable possible @ inferred
  tls_untrusted possible @ inferred
generic/plain-http alone @ {OF_OAUTHLIB}
  " InsecureTransportError: OAuth 2 MUST utilize https
  ~ insecure_?transport|must utilize https
  = The OAuth library refuses a URL that isn't https.
  request_malformed certain: The library sees a URL with http.
    ? The app, or the proxy in front of it that ends TLS, gives the library an http URL.
    > Behind a proxy, have the app read `X-Forwarded-Proto`, so that it sees https. Allow http in
      the library only on a developer's own machine.
generic/no-web-crypto alone @ the Web Cryptography API, which needs a secure context
  " crypto.subtle is undefined / is available only in secure contexts
  ~ crypto\.subtle|\(reading 'digest'\)|only in secure contexts
  = The browser offers the cryptography that PKCE needs only on https pages.
  pkce_mismatch likely: The page can't compute the code challenge.
    > Open the app with https, or on `localhost`. Other pages with http have no `crypto.subtle`.
generic/scope-changed alone @ {OF_OAUTHLIB}
  " Scope has changed from … to …
  ~ scope has changed from
  = The token has other scopes than were requested, and the library takes that for an error.
  scope_trimmed certain
generic/no-code-in-callback launch alone @ {OF_OAUTHLIB}
  " (missing_code) Missing code parameter in response
  ~ missing_?code\b|missing code parameter in response
  = The callback was opened without a `code`.
  state_unknown likely: The callback was opened without a `code`.
    ? The EHR returned an `error` instead, or the page was opened by its URL.
    > Look at the URL that the EHR redirected to: `error` and `error_description` say why.
generic/no-token-in-response token alone @ {OF_OAUTHLIB}
  " (missing_token) Missing access token parameter / Failed to obtain access token
  ~ missing_?token\b(?![^\n]{0,40}header)|missing access token parameter|failed to obtain access tok
  = The library got no token, and its message leaves out why.
  endpoint_wrong possible
  client_auth_wrong possible
  network_unreachable possible
generic/token-algorithm alone @ {OPENID}
  " unexpected JWT alg received, expected RS256, got: HS256
  ~ unexpected jwt alg|signed jwt rejected: another algorithm|algorithm (?:not allowed|mismatch)|\
    invalid ?algorithm ?error|specified alg value is not allowed
  = The token is signed with another algorithm than the app expects.
  signing_key_unknown likely: The app expects another signature algorithm than the server uses.
    ? Servers sign with RS256, ES256 or RS384. HS256 means that the client's secret is the key, or
      that it's another token.
    > Set the algorithm that the app accepts to the one in the token's header, or choose the app's
      ID token algorithm in the registration.
  token_of_another_server possible
generic/interaction-in-progress launch alone @ {OF_MSAL}
  " interaction_in_progress: Interaction is currently in progress
  ~ interaction_in_progress|interaction is currently in progress
  = The page starts a second sign-in before the first one is finished.
  flow_misused certain
    > Handle the redirect (`handleRedirectPromise`) and wait for it before the page starts another
      sign-in.
generic/hidden-frame launch alone @ {OF_MSAL}
  " monitor_window_timeout / block_iframe_reload / Frame window timed out
  ~ monitor_window_timeout|block_iframe_reload|frame window timed out
  = The library tried to sign in again in a hidden frame, and got no answer there.
  cookies_blocked likely
  redirect_uri_mismatch possible
    ? The redirect page in the hidden frame is another one than the library waits for.
generic/api-key fhir alone @ inferred
  " missing subscription key / Invalid ApiKey
  ~ subscription[ -]key|(?:invalid|missing|no) ?api[ -]?key|\bx-api-key\b[^\n]{0,30}missing
  = A gateway in front of the API requires its own key.
  token_not_in_header likely: The gateway's own key is missing or wrong.
    ? An API gateway checks its own key before it looks at the token.
    > Send the key that the API's operator issued, in the header that the message names, next to
      `Authorization: Bearer`.
generic/break-the-glass fhir alone @ inferred
  " break-the-glass is required for this patient
  ~ \bbreak[- ]the[- ]glass
  = The EHR protects this chart and asks for a reason before it shows it.
  user_not_permitted likely
    > Open the chart in the EHR and state the reason there, then launch the app again.
generic/rate-limit fhir alone status=429 @ {RFC_6585}
  " Rate limit is exceeded / request was throttled
  ~ \brate limit\b[^\n]{0,20}\bexceeded|\brequests? (?:was|were|is|are) throttled
  = The server got more requests than it allows in a time.
  ehr_side likely: The server limits how often it's called.
    ? 429 says that the client, or all apps together, sent too many requests.
    > Wait for as long as `Retry-After` says, and send fewer requests: store discovery, keys and
      tokens.
generic/jwt-audience alone @ {RFC_6750}
  " InvalidAudienceError / jwt issuer invalid / unexpected "aud" claim value
  ~ invalid(?:audience|issuer)error|jwt audience rejected|jwt issuer is not configured|for given
    'iss'|jwt (?:audience|issuer) invalid|unexpected \\?"(?:aud|iss)\\?" claim value
  = The token's issuer or audience isn't the one that the program expects.
  token_of_another_server likely
generic/tls-server alone @ {RFC_5280}
  " certificate has expired / ERR_CERT_DATE_INVALID / certificate doesn't match the host name
  ~ \bcert(?:ificate)?[_ ](?:has |is )?(?:expired|not yet valid)|err_cert_(?:date|common)\w{1,20}
  ~ sslpeerunverified\w{0,20}[^\n]{0,120}|subject alternative names?\b[^\n]{0,120}
  ~ \bcert\w*\b[^\n]{0,60}(?:does(?: not|n't) match|is (?:not )?valid for)[^\n]{0,120}|has_expired
  ~ certificate[_ ]verify[_ ]failed[^\n]{0,60}(?:expired|mismatch)[^\n]{0,120}
  = The server's certificate has expired, or is for another host name.
  tls_untrusted certain: The server's certificate has expired, or isn't for this host name.
    ? Only the server's operator can correct this. To trust the certificate wouldn't be safe.
    > Ask the server's operator to renew the certificate, with every host name that clients call.
    > Compare the host in the URL with the names in the certificate, and the clock of the machine
      with the time.
generic/tls alone @ {RFC_5280}
  " CERTIFICATE_VERIFY_FAILED / PKIX path building failed / unable to verify the first certificate
  ~ certificate[_ ]verify[_ ]failed[^\n]{0,120}|err_cert_(?!date|common)\w{1,20}
  ~ pkix path building failed
  ~ sec_error_unknown_issuer|mozilla_pkix_error|connection is(?: not|n't) (?:private|secure)
  ~ valid certification path
  ~ unable to (?:verify the first|get local issuer) certificate|unable_to_get_issuer\w{1,20}|self[-
    ]signed certificate|unable_to_verify_leaf\w{1,20}|depth_zero_self\w{1,20}
  ~ x509: certificate (?!is valid|has expired)[^\n]{0,80}
  ~ (?:remote|ssl|tls) certificate[^\n]{0,30}(?:invalid|not
    trusted|untrusted)|ssl certificate problem
  = The connection ended before any request was sent, because a certificate wasn't accepted.
  tls_untrusted certain
generic/tls-handshake alone @ inferred
  " SSLHandshakeException: handshake_failure / wrong version number / protocol_version
  ~ terminated the handshake|handshake[_ ]failure|wrong[_ ]version[_ ]number|(?:unsupported|alert)
    protocol|protocol_version|bad_certificate|certificate[_ ]required|no required ssl certificate
  ~ ssl_error_rx_record_too_long|err_ssl_\w{4,40}
  = The two sides couldn't agree on an encrypted connection.
  network_unreachable likely: The server or a proxy broke off the TLS handshake.
    ? Their TLS versions differ, the port isn't one for https, or the server wants a client
      certificate or a known IP address.
    > On the machine where the program runs, look with `openssl s_client -connect HOST:443` at the
      versions that both offer. Ask the server's operator for allowed addresses and certificates.
  tls_untrusted possible
generic/host-local fhir alone @ inferred
  " UnknownHostException: keycloak / getaddrinfo ENOTFOUND hapi
  ~ (?:enotfound|unknownhostexception:|no such host:?|resolve host:?|dial tcp: lookup)
    '?[a-z0-9_-]{1,60}\b(?![.:-]?\w)
  = This program's network has no host with this name.
  network_unreachable likely: The host name isn't known where the program runs.
    ? A name without a domain is known only within its own network, such as that of Docker Compose.
    > Use the service's name on a network that both containers share. In a browser, use an address
      that the browser can reach.
  fhir_base_wrong possible
generic/host-unknown fhir alone
  " getaddrinfo ENOTFOUND / Name or service not known / ERR_NAME_NOT_RESOLVED
  ~ \benotfound\b|err_name_not_resolved|name or service not known|unknownhostexception|could ?n[o']t
    (?:be )?resolved? host|failed to resolve '|no such host|nxdomain|nodename nor servname|name
    resolution|eai_again|name could not be resolved
  = No server has this name, so the request didn't reach an EHR.
  fhir_base_wrong likely: The host in the URL is wrong or no longer exists.
  network_unreachable possible
generic/network-unreachable fhir alone
  " ECONNREFUSED / ETIMEDOUT / ECONNRESET / socket hang up / connection timed out
  ~ party did not properly respond|\be(?:conn(?:refused|reset|aborted)|timedout|hostunreach|\
    netunreach|pipe)\b|socket hang up|err_connection_\w{4,12}|err_(?:timed_out|network_changed|\
    internet_disconn\w+)|connection (?:was )?(?:refused|reset|timed out|aborted|closed)|no route to
    host|assign requested address|open tcp connection|tls handshake timeout
  ~ (?:connect|socket)[ _]?time(?:d[ _])?-?out\w{0,20}|remote end closed|actively refused|i/o
    timeout|curl: ?\((?:7|35|52|56)\)|ssl_connect: |unexpected eof
  = The connection to the server failed or broke off before a response came.
  network_unreachable likely
  ehr_side likely: The server is down.
  fhir_base_wrong possible
generic/no-answer fhir alone
  " Read timed out / Operation timed out with 0 bytes received / 504 Gateway Timeout
  ~ \b(?:read|request|operation)[ _]?time(?:d[ _])?-?out\w{0,20}|timeout of \d+ ?ms
    exceeded|deadline exceeded|curl: ?\(28\)|no response (?:was )?received|while acting as a gateway
  = The server took the connection and sent no response in time.
  ehr_side likely
  network_unreachable possible
generic/discovery-needs-token alone status=401,403 @ {OPENEMR_4230}
  " 401 from metadata or smart-configuration
  ~ /(?:metadata|\.well-known/smart-configuration)\b[^\n]{0,40}\s?(?:\S{1,12}\s){0,3}\b40[13]\b
  = The server doesn't let the app read its configuration.
  ehr_side likely: The FHIR server requires a token before the app can have one.
    ? Apps read discovery and `metadata` before they have a token (SMART App Launch 2.2).
    > Update or fix the FHIR server, or the gateway in front of it: `metadata` and
      `.well-known/smart-configuration` must be readable without a token.
generic/xml-answer fhir alone @ {R4}
  " Unexpected token, XML is not valid JSON
  ~ unexpected token '?<'?[^\n]{0,20}(?:<\?xml|<(?!html|!)[a-z]{4,24} xm)[^\n]{0,40}
  ~ content-type: application/fhir\+xml
  = The server answered in XML, and the program expects JSON.
  fhir_request_invalid likely: The request doesn't ask for JSON.
    ? The `Accept` header is missing, or it's `*/*`.
    > Send `Accept: application/fhir+json`.
generic/html-answer fhir alone
  " Unexpected token in JSON at position 0, a web page is not valid JSON
  ~ unexpected token '?<'?[^\n]{0,20}(?:<!doctype|<html)[^\n]{0,40}|unexpected token '?<'?(?: in
    json)?[^\n]{0,20}position 0
  ~ \bnon.?fhir (?:response|content)[^\n]{0,60}
  ~ \breturns? (?:an? |the )?html\b
  ~ \bcannot (?:get|post) /\S{1,80}|\bhtml\b[^\n]{0,30}\binstead of\b[^\n]{0,20}json
  = The server answered with a web page, and the program expects JSON.
  fhir_base_wrong likely: The URL is one of a web page, not of the API.
  endpoint_wrong possible
generic/links-wrong fhir alone
  " next link points to localhost, http or a doubled port
  ~ :443:443|:80:443|(?:['\"](?:next|self)['\"]|\b(?:next|self)['\"]? (?:link|url)s?\b)[^\n]{0,70}\
    \b(?:localhost|http://|internal host|wrong (?:host|port)|private (?:host|ip))
  = The URLs in the server's Bundles point somewhere other than its FHIR base.
  fhir_base_wrong likely: The FHIR server writes the wrong URL into its links.
    ? Behind a proxy, the FHIR server builds its links from the forwarded host, scheme and port.
    > On the FHIR server, set the public base URL, or correct the forwarded host and port that the
      proxy sends.
generic/not-a-launch alone
  " Module not found / npm ERR! / Address already in use / Permission … denied
  ~ \bmodule not found\b|\bcannot find module\b|\bcan't resolve '|\bnpm err!|\bno module named|could
    not resolve dependenc|\berror ts\d{4}|modulenotfounderror
  ~ permission '?(?!healthcare)[a-z]+\.[a-z]+\.[a-z]+'? denied|not authorized to perform:
    (?!healthlake)[a-z0-9]+:[a-z]+
  ~ address already in use|eaddrinuse|port is already allocated|\beacces\b|syntaxerror:
    (?!unexpected token '?<)[^\n]{0,60}|command not found|no space left|out of
    memory|\bgradle\b[^\n]{0,40}failed|could not find artifact|\b(?:fhir|smart) is not defined|\
    peer dep|eresolve|cannot find symbol
  = A build tool, a package or a cloud platform stopped the program.
  not_a_launch_problem likely
"""
)
