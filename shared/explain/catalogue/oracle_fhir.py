"""Oracle Health: errors of its FHIR servers, as a URN in a 401 or 403 response, or as text."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* fhir {RESOURCE_LIST}
oracle/insufficient-scopes R:insufficient-scopes R:token-not-authorized \
    @ {FORUM_403}; {CHIRON}; {RESOURCE_LIST}
  ~ \binsufficient-scopes\b
  = The token has no scope for this resource, or the request is about a different patient than the
    token's.
  scope_trimmed likely @ {FORUM_403}; {CHIRON}; {FORUM_TRIMMED}; {AUTHORIZATION}
    ? The scope was requested but not granted. Oracle Health shortens the list without an error. In
      one case, 24 scopes were requested, and only `fhirUser launch online_access openid profile`
      were granted.
    > Compare the granted scopes in the token response with the requested ones.
    > $CHECK_SCOPES $CHECK_SMART_VERSION $WAIT_A_QUARTER
  scope_syntax likely @ {FORUM_403}; {AUTHORIZATION}; {TUTORIAL}; {YOURPHR}
    ? Oracle Health drops `patient/*.read`, `patient/*.rs` and scopes in the other SMART version's
      syntax entirely. The v2 scope `.r` allows only reads by ID. A search needs `.rs`.
    > $CHECK_SMART_VERSION $RELAUNCH
  scope_not_registered possible @ {FORUM_SPECIMEN}; {SMART_OVERVIEW}
    ? The resource isn't selected for the app, or the site's own copy of the registration lacks it
      although the sandbox has it.
    > $CHECK_SCOPES
    > If this happens at a site, ask the site to adopt the app's new scopes.
    > $WAIT_A_QUARTER
  patient_context_missing possible @ {RESOURCE_LIST}
    ? The request is about a different patient than the launch.
    > Launch the app from that patient's chart. |standalone $CHOOSE |backend -
oracle/token-required R:token-required
  = The FHIR request had no access token.
  session_ended likely @ inferred from {RESOURCE_LIST}
    ? The session with the token is gone, so the request was sent without a token. This app doesn't
      send a FHIR request without a token.
    > $RELAUNCH
    > ~ In other software, send `Authorization: Bearer TOKEN` with every FHIR request, even after
      redirects.
oracle/token-expired R:expired
  = The access token has expired.
  access_token_expired certain @ {RESOURCE_LIST}; {AUTHORIZATION}
    ? Oracle Health's access tokens last 570 seconds. Without `online_access`, they can't be
      renewed.
    > $RELAUNCH
    > In the code console, set Type of Access to Online, and add `online_access` to `scopes` in
      smart.toml.
  clock_skew possible @ inferred
oracle/tenant-mismatch R:tenant-mismatch @ {FORUM_TENANT_MISMATCH}; {RESOURCE_LIST}
  = The token belongs to a different tenant than the FHIR base.
  tenant_mismatch certain @ {RESOURCE_LIST}; {FORUM_TENANT_MISMATCH}
    ? The FHIR request went to a different base than the launch's `iss`: another site's, or an alias
      for the same site. A tenant isn't always a UUID.
    > Send FHIR requests to the launch's `iss`, as this app's proxy does.
    > $COMPARE_TENANT
oracle/user-not-authorized R:user-not-authorized
  = The user isn't allowed to read this record, or to use it in this way.
  user_not_permitted certain
oracle/encounter-required R:encounter-required
  = Writing this resource requires an encounter, and the token has none.
  patient_context_missing certain
    > Open an encounter in the chart and launch the app from there. |standalone -
    > Alternatively, name the encounter in the resource.
oracle/profile-not-supported R:profile-not-supported
  = The token was issued for a profile other than `smart-v1`.
  tenant_mismatch possible @ inferred from {RESOURCE_LIST} and {YOURPHR}
    ? The token doesn't come from the `smart-v1` token endpoint of this FHIR base. The token
      endpoint's URL contains `smart-v1` even for SMART v2 apps.
    > $USE_DISCOVERED $RELAUNCH
oracle/issuer-not-trusted R:issuer-not-trusted
  = The FHIR server doesn't trust the server that issued the token.
  tenant_mismatch likely @ inferred from {RESOURCE_LIST}
    > $USE_DISCOVERED $COMPARE_TENANT
oracle/signature R:signature-verification-failed R:signature-keys-unavailable
  = The FHIR server couldn't verify the token's signature, or couldn't get the keys for it.
  ehr_side likely
  tenant_mismatch possible @ inferred
    > $USE_DISCOVERED
oracle/resource-server-error R:server-error
  = The FHIR server failed while it checked the token.
  ehr_side certain
oracle/search-parameter-required @ {THE_MAP}; {R4}
  " 400: no supported search parameters provided / at least one of _id, identifier, name …
  ~ no supported search parameters
  ~ at least one of (?:the following )?[^\n]{0,40}\b_id\b
  = The search lacks a parameter that this resource type requires.
  fhir_request_invalid certain
    ? Oracle Health accepts a search only with one of the parameters that its documentation lists
      for the type.
    > Add `patient` to the search, or the parameter that the message names.
    > Leave out `_format`, which is documented only for `metadata`.
oracle/not-found @ {THE_MAP}
  " 404: OperationOutcome with the code not-found and the text Not Found
  ~ "code"\s{0,9}:\s{0,9}"not-found"\s{0,9},\s{0,40}"details"\s{0,9}:\s{0,9}\{\s{0,40}"text"\s{0,9}\
    :\s{0,9}"not found"
  = Oracle Health has nothing at this URL. The response is the same for an ID that doesn't exist and
    for a resource type that Oracle Health doesn't offer.
  fhir_request_invalid likely: The resource's ID or type doesn't exist at this FHIR base.
    ? The token and the scopes aren't involved.
    > Compare the resource type with the CapabilityStatement at `metadata`.
    > Use IDs from this FHIR base: from the launch context or from a search.
  tenant_mismatch possible @ inferred from {R4}
    ? An ID is valid only at the FHIR base that it comes from: another tenant doesn't have it.
oracle/tenant-not-accessible @ {R4}
  " 403: Tenant not valid or accessible
  ~ tenant not valid or accessible
  = The FHIR server doesn't recognize the tenant, or the app isn't allowed to access it.
  tenant_mismatch likely
    > Compare the host and tenant of the FHIR base with those in the launch's `iss`.
    > Correct `iss` in smart.toml.
  client_not_enabled_at_site likely
    > $ENABLE_AT_SITE
oracle/forbidden-resource @ {THE_MAP}
  " 403: Forbidden resource
  ~ \bforbidden resource\b
  = The token has the scope, but the resource is still refused: a second list, outside OAuth,
    determines which resources an app can read.
  scope_not_registered likely @ {THE_MAP} (a system app); which list applies is inferred
    ? The resource isn't one of those that were agreed on for this app.
    > $CHECK_SCOPES $SUBSCRIBE_PRODUCT $ASK_SUPPORT
oracle/not-acceptable @ {R4}
  " 406 with an empty body
  ~ \b406\b[^\n]{0,40}not acceptable
  ~ http(?:/[\d.]+)? 406\b
  = The request asks for a format other than JSON, the only one available.
  fhir_request_invalid certain
    ? `Accept` names XML or something else that isn't FHIR JSON.
    > Send `Accept: application/fhir+json`.
oracle/gateway-timeout @ {YOURPHR}
  " 504 after about 57 seconds
  ~ \b504\b[^\n]{0,40}gateway[ -]time-?out
  ~ http(?:/[\d.]+)? 504\b
  = The sandbox didn't respond in time.
  ehr_side likely
    ? The sandbox is slow at times. The same request succeeds a little later.
    > Send the request again, and ask for less at a time (`_count`, a narrower search).
"""
)
