"""Epic: its pages state few reasons, so most causes come from developers' reports."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
$on-the-apps On the app's page at fhir.epic.com, compare Client ID (production) and Non-Production
  Client ID (sandbox, test environments) with `client_id` in smart.toml.
$after-you-create After you create or change a registration, wait an hour (according to one guide)
  or up to 48 hours (according to a report). Changes to scopes and APIs take up to 30 minutes.
$on-the-apps-page On the app's page, make sure each resource in `scopes` is among the app's incoming
  APIs, for reading and for searching.
$on-the-apps-page-check On the app's page, check the app's SMART scope version. In `scopes`, write
  `.rs` for v2 or `.read` for v1, without wildcards.
$compare-the-search Compare the search parameters with Epic's page for the API.
* fhir {THE_MAP}
epic/oauth2-error-page page @ {EPIC_PREFLIGHT}
  " OAuth2 Error (Epic's page, HTTP 200)
  ~ \boauth2 error\b|\btrying to authorize
  = Epic doesn't recognize the client ID in this environment. Epic shows the same page for a made-up
    ID, and doesn't redirect to the app.
  client_unknown likely @ {EPIC_PREFLIGHT}; {EPIC_CMS_SANDBOX}; {PEERBITS}
    ? The ID is mistyped, or the production ID was used in the sandbox, or the reverse.
    > $on-the-apps $RELAUNCH
  not_propagated_yet likely @ {EPIC_PREFLIGHT}; {EPIC_SYNC}; {EPIC_48_HOURS}
    ? A new app takes an hour or more to reach Epic's servers.
    > $after-you-create
  client_not_enabled_at_site possible @ inferred
    > Ask the organization's Epic team to enable the client ID in this environment.
epic/invalid-oauth-request page @ {PEERBITS}; {EPIC_PREFLIGHT}
  " Invalid OAuth 2.0 request / the request is invalid / error=4
  ~ invalid oauth ?2(?:\.0)? request
  ~ \bthe request is invalid\b
  ~ (?<![\w-])error=4(?![\w-])
  = Something in the authorization request doesn't match the registration at Epic. The page never
    says what.
  redirect_uri_mismatch likely @ {PEERBITS}; {EPIC_PREFLIGHT}; {EPIC_APPAUTH}
    ? Another port is enough of a difference.
    > On the app's page, compare the redirect URIs with `https://HOST/callback` (`public_url` +
      `redirect_path` in smart.toml), including the port.
    > $after-you-create
  scope_not_registered possible @ {PEERBITS}
    ? An API behind one of the scopes isn't selected for the app.
    > $on-the-apps-page $after-you-create
  scope_syntax possible @ {PEERBITS}
    ? The scopes are written for a different SMART version than the app's.
    > $on-the-apps-page-check $RELAUNCH
  persona_mismatch possible @ {PEERBITS}
    > On the app's page, make sure the app is for the users who launch it: clinicians or patients.
  not_propagated_yet possible @ {PEERBITS}; {EPIC_48_HOURS}
    ? The registration isn't complete because a questionnaire isn't filled in, or a change to it
      hasn't reached Epic's servers.
    > Make sure nothing is left to fill in on the app's page at fhir.epic.com.
    > $after-you-create
epic/launch-parameters-required launch alone @ {EPIC_TEST_PAGE}
  " iss & launch query parameters are required and cannot be empty.
  ~ launch query parameters are required
  = Epic's own test app was opened without launch parameters.
  launch_parameter_missing certain @ {EPIC_TEST_PAGE}; {EPIC_SYNC}
    > Launch from a chart in Hyperspace or, for the sandbox, from Epic's LaunchPad. Hyperspace and
      LaunchPad both add `iss` and `launch` to the app's launch URL. |standalone -
epic/wildcard-scope redirect code=invalid_scope @ {PEERBITS}
  " wildcard scopes refused for an app with SMART v2
  ~ \bwildcard scopes?\b
  = Epic refuses the scopes as written.
  scope_syntax likely
    > $on-the-apps-page-check $RELAUNCH
  scope_not_registered possible @ {EPIC_CMS_SANDBOX}; that it leads to this code is inferred
    > $on-the-apps-page $after-you-create
epic/invalid-client token code=invalid_client @ {EPIC_BASIC}; {EPIC_BACKEND}
  " {"error":"invalid_client","error_description":null}
  ~ invalid_client"\s?,\s?"error_description"\s?:\s?null
  = Epic's token endpoint doesn't accept the client, and never says why.
  client_auth_wrong likely
    ? Epic expects the Basic credentials as is, not form-encoded first as in RFC 6749. If the app
      sends a signed assertion, a claim, the key or the `kid` is wrong.
    > Send Basic credentials unencoded. `vendor = "epic"` or `basic_credentials = "raw"` in
      smart.toml does that.
    > If you use `private_key_jwt`, make sure the public key is at the registered JWK Set URL
      (`https://HOST/launch/jwks.json`) under the same `key_id`.
    > Enter the secret again in the place that `client_secret` refers to.
  client_unknown likely @ {EPIC_BACKEND}; {PEERBITS}
    > $on-the-apps
  not_propagated_yet possible @ {EPIC_BACKEND}; {EPIC_SYNC}
    ? A new key or secret hasn't reached this environment.
    > $after-you-create
  clock_skew possible @ inferred from {RFC_7523}
epic/invalid-request-null token @ {EPIC_FASTEN}
  " {"error":"invalid_request","error_description":null}
  ~ invalid_request"\s?,\s?"error_description"\s?:\s?null
  = Epic couldn't use the token request, and doesn't say why.
  request_malformed possible @ inferred from {EPIC_FASTEN}
    > Send `grant_type`, `code`, `redirect_uri`, `code_verifier` and, for a public client,
      `client_id`, form-encoded in the body.
    > $RELAUNCH
  code_expired_or_used possible @ inferred
epic/scopes-stripped token @ {PEERBITS}; {EPIC_CMS_SANDBOX}
  " token granted with fewer scopes than requested
  ~ silently stripped
  ~ fewer scopes than (?:asked|requested)
  = Epic grants the scopes that were agreed on for the app, regardless of the request.
  scope_trimmed likely
    ? Epic leaves out scopes that aren't covered by the APIs agreed on for the app, without
      returning an error.
    > *0 $on-the-apps-page $on-the-apps-page-check $after-you-create
epic/invalid-token code=invalid_token
  " The access token provided is not valid
  ~ the access token provided is not valid
  = Epic's FHIR server no longer accepts the token.
  access_token_expired likely @ {THE_MAP}; that it has expired is inferred
  session_ended possible @ inferred
epic/xml-answer
  " XML instead of JSON from FHIR
  ~ \bfhir\+xml\b
  ~ <operationoutcome xmlns="http://hl7\.org/fhir"
  = Epic returns XML if the request doesn't ask for JSON.
  fhir_request_invalid certain
    ? The `Accept` header is missing, or it's `*/*`.
    > Send `Accept: application/fhir+json`, as this app's proxy does.
epic/html-404
  " 404 - File or directory not found (IIS page)
  ~ 404 - file or directory not found
  ~ iis detailed error - 404
  = The FHIR URL doesn't exist. For an unknown resource type, the web server returns its own page,
    not an OperationOutcome.
  fhir_base_wrong likely @ {THE_MAP}; the page's wording: inferred
    > Use Epic's FHIR base, which ends in `/api/FHIR/` and a version, such as `R4`.
  fhir_request_invalid likely @ {THE_MAP}; the page's wording: inferred
    ? The resource type is mistyped, or Epic doesn't offer it at this base.
    > Compare the resource type with the CapabilityStatement at `metadata`.
epic/not-found
  " 59008: The FHIR ID provided was not found.
  ~ 1\.2\.840\.114350\.1\.13\.0\.1\.7\.2\.657369\W{1,40}code\W{1,10}59008\b|\b(?:epic|error|code)\W\
    {1,12}59008\b
  ~ the fhir id provided was not found\b[^\n]{0,20}
  = Epic doesn't have a resource with this ID, or this user can't see it.
  fhir_request_invalid likely: The ID doesn't exist in this Epic system.
    ? Epic's code 59008 stands for an unknown FHIR ID. IDs from another system, or from a test
      environment, don't work here.
    > Use IDs from this FHIR base: from the launch context or from a search.
  user_not_permitted possible @ inferred
epic/business-rule
  " 59159: The content/operation failed to pass a business rule
  ~ 1\.2\.840\.114350\.1\.13\.0\.1\.7\.2\.657369\W{1,40}code\W{1,10}59159\b|\b(?:epic|error|code)\W\
    {1,12}59159\b
  ~ content/operation failed to pass a business rule[^\n]{0,40}
  = Epic accepted the token but refused the request, because the request breaks a rule for this
    resource. Usually, a search lacks a parameter that Epic requires.
  fhir_request_invalid likely: The request breaks a rule that Epic has for this resource.
    ? `issue.diagnostics` next to the code names the rule, for example that a `Patient` search needs
      `_id` or demographics.
    > Read `issue.diagnostics` in the issue with severity `fatal` or `error`, and add the parameter
      that it names.
    > $compare-the-search
epic/content-invalid
  " 59100: Content invalid against the specification or a profile.
  ~ 1\.2\.840\.114350\.1\.13\.0\.1\.7\.2\.657369\W{1,40}code\W{1,10}59100\b|\b(?:epic|error|code)\W\
    {1,12}59100\b
  ~ content invalid against the specification or a profile\b
  = Part of the request doesn't fit the FHIR specification or Epic's profile. If the severity is
    `information`, Epic only ignored an unknown search parameter.
  fhir_request_invalid likely: A parameter or a value doesn't fit the specification or a profile.
    ? `issue.diagnostics` next to the code names the parameter or the value.
    > Read `severity` and `issue.diagnostics` in this issue. If another issue is `fatal` or `error`,
      the request failed because of that one.
    > Correct or remove the parameter or the value that it names.
epic/operation-outcome
  " OperationOutcome with codes from urn:oid:1.2.840.114350.1.13.0.1.7.2.657369
  ~ 1\.2\.840\.114350\.1\.13\.0\.1\.7\.2\.657369
  = These are Epic's own FHIR error codes. Epic accepted the token, but not the request.
  fhir_request_invalid likely
    ? The text next to the code explains the error. Unknown search parameters are often ignored
      without a message.
    > Read `issue.diagnostics` and `issue.details.text` in the OperationOutcome.
    > $compare-the-search
  user_not_permitted possible @ inferred
epic/frame launch @ {CLIENT_JS}/75
  " works in a tab, fails inside Epic (Hyperspace, Hyperdrive)
  ~ only (?:inside|in|within) (?:epic|hyperspace|hyperdrive)\b
  = The launch fails inside Epic's frame but works outside it.
  cookies_blocked possible @ inferred from {CLIENT_JS}/75
"""
)
