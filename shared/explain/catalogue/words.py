"""Any EHR: what servers, libraries, networks and browsers say, whatever words they choose.

The entries are in the order of their precision: the first one that a sentence fits explains it.
RFC 6749, RFC 6750, RFC 7521, RFC 7523, RFC 7636, OpenID Connect Core 1.0, FHIR R4.
"""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* token {RFC_6749}
generic/uri-too-long page alone @ {RFC_9110}
  " 414 URI Too Long / Request-URI Too Large
  ~ \bur[il] too (?:long|large)\b|header fields? too large
  = The authorization request is too long for the EHR, or for a server in front of it.
  request_too_long likely @ inferred from {FORUM_BAD_REQUEST}
generic/server-failed page @ inferred
  " An unexpected error occurred / internal error / try again later
  : broken !client_auth !by:writer
  = The server failed.
  ehr_side likely
generic/grant-not-enabled
  " grant type is not allowed for this client / Grant type must be one of …
  : grant_type denied|unknown|mismatch !=unsupported_grant_type !scope !refresh !redirect
  : grant_type invalid =unauthorized_client
  : grant_type auth_code refresh denied|mismatch
  = The server recognizes the client, but the client isn't registered to get a token this way.
  grant_not_enabled likely
generic/consent page @ {OPENID}
  " consent required / needs admin approval / user isn't assigned to the application
  : consent missing|denied|invalid|unknown !declined
  : user client denied|mismatch !scope !by:writer !=invalid_client !@FHIR
  = The identity provider has its own rule, which this user or app doesn't meet.
  idp_policy likely
generic/user-declined redirect
  " The user denied the request / the sign-in was canceled
  : declined user|consent|patient !server_default
  = The user chose not to sign in, or not to consent.
  user_declined likely
generic/user-credentials page @ inferred
  " Invalid username or password / Invalid user credentials
  : password invalid|mismatch|expired|denied|unknown|missing !client_auth
  : secret invalid @authorize !client !client_auth
  = The server refused the user's sign-in.
  user_credentials_wrong likely
generic/refresh-reused @ {RFC_9700}
  " Refresh token has been revoked / already used / reuse detected
  : refresh used
  = The refresh token that was sent has been replaced or withdrawn.
  refresh_reused likely
  session_ended possible @ {RFC_6749}
generic/refresh-not-allowed
  " grant type refresh_token isn't allowed for this client
  : refresh grant_type denied|invalid
  = The client isn't registered for refresh tokens.
  grant_not_enabled likely
    > In the app's registration, allow the grant type `refresh_token` (offline access).
  refresh_not_granted possible
generic/refresh-expired
  " Refresh token is invalid or expired / Token is not active / Session not active
  : refresh expired|invalid|unknown|mismatch
  : access expired =invalid_grant !assertion !code
  : session expired|unknown @token|@refresh
  : session expired|unknown field
  = The refresh token isn't valid anymore.
  session_ended likely: The refresh token is no longer valid.
    ? A refresh token ends with the user's session, after a time without use, when a new one
      replaces it, or when the grant is withdrawn.
  refresh_reused possible
generic/refresh-absent
  " no refresh_token in the token response / Unable to refresh
  : refresh missing|denied !header
  = There's no refresh token.
  refresh_not_granted likely
    > Request `online_access` or `offline_access`, allow it in the registration, and keep the old
      refresh token if the response to a refresh has no new one. |backend -
    > *1
generic/session-over page @ inferred
  " Your session has expired, please log in again
  : session expired !refresh !access !code !state
  = The user's session at the EHR or at its login page is over.
  session_ended likely
generic/pkce-missing @ {RFC_7636}
  " code_challenge is required / code_verifier is missing
  : pkce missing !mismatch !unknown !long
  = The server requires PKCE, and the request has none.
  pkce_mismatch likely: The request lacks PKCE's `code_challenge` or `code_verifier`.
    > Send `code_challenge` with `code_challenge_method=S256` in the authorization request, and the
      `code_verifier` of the same launch in the token request.
generic/pkce-text @ {RFC_7636}
  " PKCE verification failed / code_verifier does not match
  : pkce missing|unknown|mismatch|invalid|denied|expired|long
  = PKCE, the proof that the callback and the launch belong together, is missing or wrong.
  pkce_mismatch likely
generic/token-redirect-uri-text
  " invalid_grant with a message about redirect_uri
  : redirect mismatch|invalid|unknown =invalid_grant|@token !=invalid_request
  = The redirect URI in the token request doesn't match the one in the authorization request.
  redirect_uri_mismatch likely
    ? The token request must repeat the redirect URI of the authorization request, byte for byte.
      The two differ if two parts of an app, or two deployments, each have their own redirect URI.
    > Send the same redirect URI in both requests, as this app does.
    > Make sure that the same deployment serves both `https://HOST/launch` and
      `https://HOST/callback`.
    > $RELAUNCH
  code_expired_or_used possible
generic/redirect-uri-missing redirect
  " redirect_uri is missing
  : redirect missing !mismatch !unknown !invalid !denied !registered
  = The request doesn't name a redirect URI.
  request_malformed likely
    ? `redirect_uri` is missing, or it isn't a URL.
    > Send `redirect_uri`, exactly as it's registered, in both requests.
  redirect_uri_mismatch possible
generic/redirect-uri-text page @ {HEALTH_GORILLA}
  " redirect_uri mismatch / invalid redirect URI
  : redirect missing|unknown|mismatch|invalid|denied
  = The redirect URI isn't the registered one.
  redirect_uri_mismatch likely
generic/grant-type-missing
  " Missing parameter: grant_type
  : grant_type missing|invalid !scope
  : media invalid|denied|missing|mismatch @token
  = The token endpoint couldn't read the parameters of the request.
  request_malformed likely
    ? The body wasn't sent as a form, or a required parameter is missing from it.
    > Send the parameters in the body as `application/x-www-form-urlencoded`.
generic/two-methods
  " multiple client authentication methods
  : client_auth|secret|header repeated
  = The client authenticated in two ways at once.
  client_auth_wrong likely
    > Authenticate in one way: with the Basic header, or with the secret in the body.
generic/parameter-repeated
  " duplicate parameter client_id
  : search|client_id|grant_type repeated !code !refresh !access
  : search|client_id|grant_type|scope|redirect repeated =invalid_request
  = A parameter of the request is repeated.
  request_malformed likely
    > Send each parameter once: not in the query and in the body.
generic/client-auth-text
  " client_secret or client_assertion is missing or invalid / Invalid client secret /
    invalid_client_credentials
  : secret missing|unknown|mismatch|invalid|denied|expired !password !insufficient
  : assertion missing !claim !key !signature
  : client_auth missing|invalid|mismatch|denied|unknown !key !claim !@FHIR !@authorize
  : header missing|invalid @token|@refresh !media !origin !key
  : client_id header missing|invalid
  = The client didn't authenticate with the method that it's registered for.
  client_auth_wrong likely
  client_unknown possible
generic/issuer-in-discovery launch @ {OPENID}
  " invalid issuer in discovery document / issuer did not match
  : issuer mismatch|invalid|unknown|missing discovery !#401 !access
  : issuer mismatch|invalid by:library !@FHIR !assertion !access !audience !=invalid_client
  : issuer mismatch|invalid|unknown id_token !@FHIR !assertion
  = The issuer that the app is configured with isn't the one in the discovery document.
  tenant_mismatch likely
    ? Both issuers are compared as text, so that a slash at the end, the scheme, the host or the
      realm matters.
    > Write the issuer as `issuer` in the discovery document, and take every endpoint from there.
generic/assertion-claims @ {RFC_7523}
  " client assertion: aud, exp, jti, iss or sub is wrong
  : times|assertion|access long assertion|=invalid_client|@token !scope
  : times long !@FHIR !id_token !refresh !code !scope
  : jti|alg|claim used|missing|mismatch|invalid|denied|unknown assertion|=invalid_client|@token
    !@FHIR !future
  : jti|assertion|access used assertion|=invalid_client !refresh !code
  : jti used
  : access endpoint mismatch =invalid_client
  : audience|issuer missing|mismatch|invalid|unknown assertion|=invalid_client|@token !@FHIR !code
    !refresh !id_token !resource
  = The server read the client's signed assertion, but refused a claim in it.
  assertion_claims_wrong likely
  clock_skew possible
generic/clock-text alone @ inferred from {RFC_7523}; no launch report was found that blames a clock
  " token is not yet valid / issued in the future / assertion expired
  ~ cannot handle token\b[^\n]{0,30}prior to|immaturesignature|beforevalidexception
  : times|access|id_token|claim|assertion future
  : assertion expired
  = The times in a signed token don't match the recipient's clock.
  clock_skew likely @ inferred from {RFC_7523}; {OPENID}
  assertion_claims_wrong possible @ inferred
generic/token-not-a-jwt fhir alone @ {RFC_6750}
  " Not in JWS format / JWT strings must contain exactly 2 period characters
  ~ not in (?:json web signature[^\n]{0,12}|jws )format|exactly 2 period
    characters|(?:wrong|invalid) number of segments|jwt must have 3 (?:tokens|parts)
  = The FHIR server got something that isn't a signed JWT as the access token.
  token_of_another_server likely: What was sent as the access token isn't a signed JWT.
    ? It's an opaque or encrypted token, a word such as `undefined`, or it has `Bearer` in front of
      it twice.
    > Look at the Authorization header that is sent. Send `access_token` of the token response
      unchanged, or have the authorization server issue JWTs for this FHIR server.
  token_not_in_header possible
generic/opaque-token alone @ {RFC_6750}
  " jwt malformed / Not enough segments, on an access token
  ~ (?:decod\w{1,20}|pars\w{1,20}|jwt (?:malformed|\S{1,20} error))[^\n]{0,50}access[_
    ]?token[^\n]{0,80}|access[_ ]?token[^\n]{0,60}(?:jwt malformed|(?:not|n't) (?:a (?:valid
    )?)?jwt|decod\w{1,20}|segments|malformed|jwt\.io)[^\n]{0,40}
  ~ jwt\.io[^\n]{0,60}access[_ ]?token
  ~ (?:invalid (?:compact )?(?:jws|jwt|token specified)|missing part #)[^\n]{0,80}access[_ ]?token|\
    access[_ ]?token[^\n]{0,80}(?:invalid (?:compact )?(?:jws|jwt|token specified)|missing part #)
  = The app tries to read the access token, which only the FHIR server should read.
  opaque_token_decoded likely @ {RFC_6749}
generic/no-id-token @ {FORUM_OPENID}
  " no id_token in the token response
  : id_token missing !scope !key !claim !signature !discovery
  : fhiruser missing !patient !scope
  = The EHR issued an access token, but didn't say who signed in.
  scope_trimmed likely
    ? `openid` wasn't requested, or it was requested but not granted.
    > Request `openid` and `fhirUser`, and select both in the EHR's registration.
    > $RELAUNCH
generic/signing-key alone @ {OPENID}
  " id_token: could not find key ID … in available keys / unknown kid / JWKSNoMatchingKey
  ~ jwksnomatchingkey|no applicable key found|or no matching key\(s\) found|jwks doesn't have key|\
    signingkeynotfounderror|find a signing key that matches|jwssignatureverificationfailed|\
    jsonwebtokenerror: invalid signature|does not match locally computed signature
  : id_token key|signature unknown|mismatch|invalid
  : key|signature unknown|mismatch|invalid by:library !assertion !=invalid_client !@token
  = The app can't check the signature of a token with the keys that it has.
  signing_key_unknown likely
generic/server-key redirect @ inferred
  " Public key not found, at the authorization endpoint
  : key|signature unknown|invalid|mismatch @authorize !=invalid_grant !assertion
  = The server couldn't check a signature, before the app has signed anything.
  ehr_side likely
  client_unknown possible
generic/key-set-unread alone @ {RFC_7523}
  " Unable to retrieve the JWKS / Error fetching the client's key set
  ~ jwks[^\n]{0,200}? propert\w+ [^\n]{0,25}'keys'|'keys'[^\n]{0,200}?jwks|\bjwks\.keys(?:\.\w+)? is
  : key_set unfetched !id_token !by:writer
  = The server couldn't read the client's keys at the registered JWKS URL.
  assertion_key_unknown likely: The EHR couldn't fetch the key that signed the client assertion.
    ? The EHR fetches the public keys from that URL, from its own network.
    > Check that the registered JWKS URL is public: opened from outside your network, without a
      login, it needs status 200, a trusted certificate and `{"keys": […]}`.
    > Compare it with the URL in the registration, letter by letter.
    > Allow the EHR's network, if a firewall protects the URL.
generic/assertion-key @ {RFC_7523}
  " JWT key ID does not match any key in JWKS / invalid signature of the assertion
  : key|signature missing|unknown|mismatch|invalid !@FHIR !id_token !=invalid_token
  : key denied|expired !client !@FHIR !id_token
  = The server can't check the client's signed assertion with the keys that it has.
  assertion_key_unknown likely
  not_propagated_yet possible @ inferred
generic/token-of-another fhir @ {RFC_6750}
  " The audience is invalid / The issuer is invalid / unexpected iss value
  : issuer|audience|claim missing|mismatch|invalid|unknown|denied @FHIR|=invalid_token !launch
    !context !aud_parameter
  : issuer|audience mismatch|invalid|unknown !@authorize !@token !search !launch !=invalid_request
    !tenant !aud_parameter
  : key|signature unknown|mismatch|invalid @FHIR|=invalid_token !expired
  : alg access invalid|mismatch|unknown|denied !assertion !=invalid_client
  = The FHIR server doesn't accept the token's issuer or audience.
  token_of_another_server likely
  aud_wrong possible @ inferred
generic/code-text @ {HEALTH_GORILLA}
  " authorization code expired or already used
  : code expired|used
  : auth_code invalid|unknown !client !redirect !@FHIR !patient
  : code invalid|unknown @token|=invalid_grant !client !redirect !patient
  = The authorization code is too old or was already exchanged.
  code_expired_or_used likely
generic/code-missing
  " Missing parameter: code
  : code missing @token|=invalid_request|=invalid_client !client !redirect !pkce !patient
  = The token request has no `code`.
  request_malformed likely
    ? The code wasn't passed from the callback to the token request, or the body isn't form-encoded.
    > Send `code` form-encoded in the body.
generic/code-of-another-client
  " authorization code was issued to another client
  : code client mismatch !redirect
  : client_id launch mismatch
  = The code was issued to another client than the one that exchanges it.
  client_id_mismatch likely
generic/state launch alone @ {GROWTH_62}
  " No 'state' parameter found / state mismatch / state argument is missing / csrf_detected
  ~ \bcsrf_detected|\bmismatching_state|no_token_request_cache|\binvalid_nonce\b|\bnonce_mismatch
  : state|nonce missing|unknown|mismatch|invalid|expired !=login_required
  : session missing|unknown @authorize !code !refresh !=login_required !user
  = The page that completes a launch can't find the launch that it should complete.
  state_unknown likely @ {RFC_6749}; {GROWTH_62}
  cookies_blocked likely @ inferred
  launch_parameter_missing possible
generic/resource-text redirect code=invalid_target,invalid_resource @ inferred from RFC 8707
  " An invalid audience was specified / invalid_target / resource principal not found
  : resource unknown|invalid|mismatch|missing tenant|audience|=invalid_target|=invalid_resource
  : audience missing|unknown|mismatch|invalid|denied !@FHIR !=invalid_token !access
  : aud_parameter missing|unknown|mismatch|invalid|denied !assertion !=invalid_client
    !=invalid_token
  = The server has no resource with the name given in `aud`, `resource` or the scopes.
  aud_wrong likely
  tenant_mismatch possible @ inferred
generic/launch-scope redirect @ {SMART}
  " launch scope requires launch parameter
  : launch scope search missing
  = The request has the scope `launch`, but no `launch` value.
  launch_parameter_missing likely
    > If the app is opened without an EHR, request `launch/patient` instead of `launch`. Otherwise
      send the `launch` value that the EHR sent.
    > *0
generic/scope-not-covered fhir @ {RFC_6750}
  " insufficient scope / permission is not granted by any of the scopes
  : scope denied @FHIR !=invalid_scope !user
  : scope missing|invalid field @FHIR !=invalid_scope !user
  : scope insufficient !=invalid_scope !user
  : scope missing by:writer !=invalid_scope !user !refresh !context !@authorize !client
  : scope access denied|missing !=invalid_scope !user !client !refresh !context !@authorize
  = The token's scopes don't cover this request.
  scope_trimmed likely: The token lacks a scope that this request needs.
    > Request the scope that the request needs, and select it in the registration.
    > Compare `scope` in the token response with the requested scopes: an EHR can leave some out.
  scope_not_registered possible
  user_not_permitted possible
generic/scope-missing redirect alone @ {OPENID}; RFC 6749 3.3
  " no scope parameter in the authorization request / the openid scope is required
  ~ \buser_?info\b[^\n]{0,60}\b40[13]\b|\b40[13]\b[^\n]{0,60}\buser_?info\b|user_info_request_error
  : openid missing !id_token
  : scope search missing @authorize !user !refresh
  : scope missing !by:writer !denied !unknown !mismatch !user !refresh !context !unfetched !@token
  = The server misses a scope in the request.
  scope_not_requested likely
    > Add the scope that the message names, such as `openid`, to `scope`. Look at the request that
      is sent: `scope` is one text with spaces between the scopes, not a list, and without commas.
generic/scope-text redirect
  " Invalid scopes: … / scope is not allowed for the client
  : scope denied|unknown|invalid|missing|mismatch !user !refresh !context !unfetched
  = According to the server, a scope is missing, unknown or not allowed for the app.
  scope_not_registered likely
  scope_syntax possible @ inferred
generic/unsupported-response-type redirect lacks=response_type code=unsupported_response_type
  " unsupported_response_type / response_type is not supported
  : response_type denied|invalid|missing|unknown
  = The server doesn't offer this `response_type` to the app.
  request_malformed likely
    ? The request asks for something else than a code.
    > Send `response_type=code`, and allow the authorization code flow in the registration.
  client_not_enabled_at_site possible: The app is registered for another kind of sign-in.
    > In the registration, allow the authorization code flow (`authorization_code`).
generic/patient-unknown fhir @ {RFC_6750}
  " patient is null / Patient is not available / cannot resolve the launch context
  : patient|context missing|unknown by:library !state !search !query
  : context missing !session !state
  : patient context missing|unknown|invalid !=invalid_grant
  = There's no patient in the token or in the launch.
  patient_context_missing likely
generic/iss-not-given launch @ {CENTILES_4}
  " Failed to discover authorization URL given: undefined / No server url found
  : iss_parameter launch missing !session !discovery
  : iss_parameter|launch missing !discovery !audience !session !@token !@FHIR !access !id_token
  = The launch page was opened without the `iss` and `launch` that an EHR adds.
  launch_parameter_missing likely @ {SMART}; {CENTILES_4}
    > *0
    > If you don't have an EHR, enter the app's launch URL in a sandbox or in the SMART launcher
      (`launch.smarthealthit.org`), and launch from there.
    > *1 *2
generic/launch-value redirect @ {SMART}
  " invalid launch / unknown launch context
  : launch invalid|unknown|expired|mismatch|used !discovery !client
  : context unknown|invalid|expired !patient !session !state
  = The server doesn't recognize the `launch` value.
  launch_value_invalid likely
generic/web-view page alone @ {RFC_8252}
  " disallowed_useragent / it doesn't comply with the secure browsers policy
  ~ disallowed_useragent|this browser or app may\b|secure browsers policy
  : web_view denied|invalid !session !origin
  = The identity provider doesn't let users sign in within an embedded web view.
  idp_policy likely: The login page is shown in an embedded web view.
    ? An app could read passwords that are typed into its web view, so many login pages refuse it.
    > Open the authorize URL in the system browser: with `ASWebAuthenticationSession` on iOS, a
      Custom Tab on Android, or AppAuth.
generic/not-enabled redirect @ inferred
  " app_not_activated / app not activated / not enabled for this organization
  : client denied|expired !unknown !user !@FHIR !redirect
  : tenant denied client|access
  = The server recognizes the app, but this site hasn't turned it on.
  client_not_enabled_at_site likely
generic/client-unknown-text page
  " client not found / Unknown client / invalid client_id
  : client unknown !user !claim !resource !patient !context !by:writer
  : client unknown by:writer !user !claim !resource !patient !context !launch !scope !access
  : client_id missing|invalid|mismatch !claim
  = The server doesn't recognize the client ID.
  client_unknown likely
  not_propagated_yet possible
  client_not_enabled_at_site possible
generic/tenant-text page
  " tenant not found / realm does not exist
  : tenant unknown|mismatch|invalid !user !client !scope !by:writer
  = The server doesn't know the tenant, or it's another one than expected.
  tenant_mismatch likely
generic/user-text redirect
  " User not found / user is not authorized / account is locked
  : user unknown|denied|invalid !session !client_auth !declined !unfetched
  : user expired !session !client_auth !declined !access
  : role missing|denied|unknown !scope
  : member missing|unknown|denied|invalid|expired !client
  : patient unknown =invalid_grant !launch !refresh !session
  = The server doesn't let this user in, or has no record that belongs to them.
  user_not_permitted likely
    > Sign in with an account that has a record at this server, and that may see this patient.
    > Ask the server's operator which permission, member or patient record this account lacks.
  user_mismatch possible
generic/token-not-sent fhir alone @ {RFC_6750}
  " Missing Authorization header / Full authentication is required
  ~ full authentication is required|authentication token (?:is )?missing|[?&]access_token=|\
    \bheaders: (?:undefined|null|\{\})|\banonymous ?user\b|\b(?:principal|user|identity)\W{1,3}\
    anonymous\b
  : header missing|denied|invalid !media !origin !=invalid_client !@token !@discovery
  : access missing @FHIR !claim !refresh !patient !context !scope
  = The FHIR server received no access token.
  token_not_in_header likely
generic/access-token-expired fhir alone @ {RFC_6750}
  " The access token expired / TokenExpiredError / ExpiredSignatureError / ERR_JWT_EXPIRED
  ~ \bjwt is expired|tokenexpirederror|expiredsignatureerror|err_jwt_expired|\bjwtexpired\b|\
    expiredjwtexception|token is expired by
  : access expired !refresh !code !session !assertion
  = The access token has expired.
  access_token_expired likely
  clock_skew possible @ inferred
generic/discovery-missing launch alone status=404,405,410 @ {SMART}
  " .well-known/smart-configuration 404 / could not fetch the well-known JSON
  ~ (?:smart|openid)-configuration\b[^\n]{0,90}\b(?:404|not found)\b
  ~ (?:smart|openid)-configuration\b[^\n]{0,200}\b(?:30[1278]|redirect\w*)\b
  ~ (?:\b404\b|not ?found)[^\n]{0,90}(?:smart|openid)-configuration
  : discovery unknown|missing|invalid !origin !#401 !#403 !#5xx !version !@token
  = The document that lists the authorize and token URLs wasn't found.
  discovery_missing likely
  fhir_base_wrong possible @ inferred
generic/endpoint-text page @ {RFC_9110}
  " Could not find resource for full path / 404 from the authorize or token URL
  : endpoint unknown !@FHIR !#5xx
  : type unknown @authorize|@token !patient
  = The server has nothing at this URL.
  endpoint_wrong likely
  fhir_base_wrong possible
generic/fhir-version fhir alone @ inferred
  " expected "Conformance" but found "CapabilityStatement"
  ~ expected \W?conformance\W? but found|unsupported fhir version|indicating that it supports fhir|\
    inappropriateforserver|fhir ?version (?:mismatch|is not supported|does not match)|did not return
    a (?:capabilitystatement|conformance)|\b(?:dstu2|stu3|r4b?|r5) (?:client|library|model)s?
    (?:with|against|and) (?:an? )?(?:dstu2|stu3|r4b?|r5)\b
  = The client can't read the server's response, because their FHIR versions differ.
  fhir_version_mismatch likely
generic/parameter-unknown redirect @ {RFC_6749}
  " unknown parameter in the authorization request / unrecognized parameter at /authorize
  : search unknown|denied|mismatch !@FHIR !scope !redirect !client !grant_type !media !by:writer
    !response_type !issuer !query
  : search unknown|denied @authorize !scope !redirect !client !server_default
  = The server doesn't know a parameter of the authorization request.
  parameter_not_recognised likely
generic/fhir-request-text fhir @ inferred
  " Unknown resource type / unknown search parameter / unsupported media type
  : patient missing @FHIR #400 !scope !access
  : query unknown|denied|invalid|missing !scope !user !access
  : search|type unknown|invalid by:library|#400|#422 !@authorize !@token !scope !client !launch
  : search|type|media unknown|denied|missing|invalid|mismatch @FHIR !scope !user !access !client
    !launch
  = The FHIR server doesn't accept the request: a parameter, a type or a format.
  fhir_request_invalid likely
generic/token-refused-text fhir @ {RFC_6750}
  " Invalid access token / the token cannot be validated
  : access invalid|denied|mismatch !@token !@authorize !@refresh !claim !by:writer
  : access_token invalid @authorize !field !claim !by:writer
  = The FHIR server doesn't accept the access token.
  access_token_expired possible
  token_of_another_server possible
  token_not_in_header possible
generic/bulk-export fhir alone @ {BULK_DATA}
  " GET Group/ID/$export: 403 Forbidden
  ~ \$export\b[\s\S]{0,400}?\b(?:403|forbidden)\b|\b403\b[\s\S]{0,200}?\$export\b
  = The FHIR server refuses a bulk export to this client.
  client_not_enabled_at_site likely: The client isn't allowed to export.
    ? A server decides about `$export` apart from other requests: for each client, and often for
      each group of patients.
    > Ask the site to enable bulk export for the client and, with `Group/ID/$export`, for this
      group.
    > Until then, search for the resources that you need, patient by patient.
  scope_not_registered possible @ {BULK_DATA}; {OPENEMR_EXPORT}
    ? An export needs a `system/` scope for every type that it exports. Some servers also have a
      scope for the operation.
    > Request and register a `system/` scope for each type, and list the same types in `_type`.
generic/export-not-async fhir alone @ {BULK_DATA}
  " $export: Must request async processing
  ~ \$export\b[\s\S]{0,300}?\b(?:async|prefer)\b|\bexport\b[^\n]{0,60}\brespond-async\b
  = A bulk export wasn't requested as an asynchronous one.
  fhir_request_invalid likely
    > Send `Prefer: respond-async` and `Accept: application/fhir+json` with the kick-off request,
      and read the status at the URL in `Content-Location`.
generic/fhir-refused-text fhir @ {RFC_6750}
  " Not authorized / access is denied, from FHIR
  : denied @FHIR field #none
  = The FHIR server refuses this request.
  user_not_permitted possible
  scope_trimmed possible
  client_not_enabled_at_site possible
"""
)
