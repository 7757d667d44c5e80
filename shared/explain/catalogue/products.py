"""Documented messages of authorization servers, FHIR servers and client libraries.

A group is one error of one product: where it shows, its cause with its certainty, what to do, and
its wordings (`…` stands for any words) or, after `#`, statuses without a wording. Another cause may
follow the first one. After a product with `!`, the words are its own and need no other sign of the
product.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from shared.explain.catalogue import causes
from shared.explain.catalogue.sources import SOURCES
from shared.explain.catalogue.table import PLACES
from shared.explain.model import Entry

_GROUPS = """\
keycloak page redirect_uri_mismatch certain: In the client's settings, add the app's exact \
redirect URI to Valid redirect URIs.
  Invalid parameter: redirect_uri
keycloak token redirect_uri_mismatch certain: Send the same redirect URI in both requests.
  Incorrect redirect_uri
keycloak token client_auth_wrong likely client_unknown possible: On the client's Credentials tab, \
compare the Client Authenticator and the secret with what the app sends. Keycloak says the same of \
a client ID that it doesn't have.
  Invalid client or Invalid client credentials / Unexpected error when authenticating client
keycloak page client_unknown certain: Compare the client ID, and the realm in the URL, with the \
list of clients in the admin console.
  Client not found.
keycloak token client_auth_wrong certain: Send a signed assertion (`client_assertion` and \
`client_assertion_type`), or change the Client Authenticator on the client's Credentials tab. \
Register an app that runs in the browser as public (Client authentication off).
  Parameter client_assertion_type is missing
keycloak token grant_not_enabled certain: In the client's settings, under Capability config, turn \
on the flow that the app uses: Standard flow, Direct access grants, or Service accounts roles for \
`client_credentials`.
  Client not enabled to retrieve service account / Client is not allowed to initiate browser login
  Client not allowed for direct access grants / Standard flow is disabled for the client
keycloak redirect scope_not_registered certain: Create each scope that the message names under \
Client scopes, and add it to the client. Keycloak comes without SMART scopes.
  Invalid scopes: …
keycloak redirect pkce_mismatch certain: Send `code_challenge` with `code_challenge_method=S256`, \
and the `code_verifier` of the same launch in the token request.
  Missing parameter: code_challenge / Invalid parameter: code_challenge
  PKCE code verifier not specified / PKCE verification failed / PKCE invalid code verifier
keycloak token code_expired_or_used likely: Exchange each code once and at once: look for a second \
request, and for more than a minute (Client login timeout) in between.
  Code not valid
keycloak token session_ended certain: Sign the user in again. How long sessions last is set under \
Realm settings, Sessions and Tokens.
  Session not active / Token is not active / Offline session not active
  Offline user session not found
keycloak token refresh_reused certain: Store the refresh token of every response, and refresh in \
one place only (Realm settings, Tokens, Revoke Refresh Token).
  Stale token / Maximum allowed refresh token reuse exceeded
keycloak token refresh_not_granted certain: Give the client the optional scope `offline_access`, \
and the user the role `offline_access`.
  Offline tokens not allowed for the user or client
keycloak token client_id_mismatch certain: Send the client ID and the realm that the token was \
issued to.
  Token client and authorized client don't match
keycloak token assertion_key_unknown certain: On the client's Keys tab, set the JWKS URL or upload \
the key that signs the assertion, and name its `kid` in the header.
  Signature on JWT token failed validation / Unable to load public key
keycloak token assertion_claims_wrong certain: Correct the claim that the message names. Keycloak \
wants `iat`, an `exp` close to it, a new `jti`, and the realm's issuer or token endpoint as `aud`.
  Token expiration is too far in the future / Token reuse detected / Invalid token audience
keycloak page user_credentials_wrong likely: Sign in with the right password, or finish the \
account's setup (Required user actions).
  Invalid user credentials / Account is not fully set up
keycloak page cookies_blocked certain: Open Keycloak's login page outside of the frame, with \
https, in a browser that keeps its cookies.
  Cookie not found. Please make sure cookies are enabled / Restart login cookie not found
keycloak page user_mismatch certain: Sign out of Keycloak in this browser, or use a private window.
  You are already authenticated as different user
keycloak page tenant_mismatch certain: Correct the realm in the URL.
  Realm does not exist / Realm not found
keycloak page endpoint_wrong certain: Take the URLs from the realm's `openid-configuration`. Since \
Keycloak 17 they don't begin with `/auth`.
  RESTEASY003210: Could not find resource for full path
okta page redirect_uri_mismatch certain: In the app's general settings, add the app's exact \
redirect URI to Sign-in redirect URIs.
  The 'redirect_uri' parameter must be a Login redirect URI
  must be an absolute URI that is whitelisted in the client app settings
okta page redirect_uri_mismatch certain: In Okta's SMART setup, two settings list redirect URIs. \
Add the app's redirect URI to both.
  Unable to validate the redirect_uri passed in.
okta token client_auth_wrong certain: Compare the client secret, and how it's sent, with Client \
Credentials in the app's general settings.
  The client secret supplied for a confidential client is invalid / No client credentials found
  Client authentication failed. Either the client or the client credentials are invalid
okta page client_unknown certain: Copy the client ID from the app's general settings, and check \
that the app is active.
  Invalid value for 'client_id' parameter
okta redirect scope_not_registered certain: Under Security, API, add the scopes to the \
authorization server whose issuer the app uses, such as `/oauth2/default`. The org's own server \
has only OpenID's scopes.
  One or more scopes are not configured for the authorization server resource
  Custom scopes are not allowed for this request
okta redirect idp_policy certain: In the authorization server's Access Policies, add a rule that \
allows this client, its grant type and its scopes.
  Policy evaluation failed for this request
okta redirect idp_policy certain: In the app's Assignments, assign the user or their group.
  User is not assigned to the client application
okta token grant_not_enabled certain: In the app's general settings, allow the grant type.
  The client is not authorized to use the provided grant type
okta token pkce_mismatch certain: Send `code_challenge` with `code_challenge_method=S256`, and the \
`code_verifier` of the same launch in the token request.
  must use Proof Key for Code Exchange / PKCE code challenge is required / PKCE verification failed
okta token code_expired_or_used likely: Exchange each code once, within a minute.
  The authorization code is invalid or has expired
okta token session_ended likely refresh_reused likely: Sign the user in again.
  The refresh token is invalid or expired
okta token assertion_claims_wrong certain: Correct the claim that the message names: `aud` must be \
the URL of the token endpoint, and `exp` at most an hour ahead.
  audience claim for client_assertion must be the endpoint invoked
  client_assertion token has an expiration too far into the future
okta redirect request_malformed certain: Send a `state` in the authorization request.
  The authentication request has an invalid 'state' parameter
auth0 page redirect_uri_mismatch certain: In the application's settings, add the app's exact \
redirect URI to Allowed Callback URLs.
  Callback URL mismatch / not in the list of allowed callback URLs
auth0 page client_unknown certain: Copy the client ID from the application's settings, and use the \
domain of its tenant.
  Unknown client: …
auth0 token grant_not_enabled certain: In the application's settings, under Advanced, Grant Types, \
allow the grant.
  Grant type '…' not allowed for the client
auth0 token grant_not_enabled certain: In the API's Machine to Machine Applications, authorize the \
application and select its scopes.
  You might probably want to create a "client-grant"
  Client is not authorized to access resource server
auth0 redirect aud_wrong certain: Send the identifier of the API, exactly as it's registered in \
Auth0, as `audience`.
  Service not found: … / Service not enabled within domain
auth0 token pkce_mismatch certain: Send the `code_verifier` of the same launch.
  Failed to verify code verifier
auth0 token session_ended likely refresh_reused possible: Sign the user in again, and store the \
refresh token of every response if rotation is on.
  Unknown or invalid refresh token
cognito page redirect_uri_mismatch certain: In the app client's Login pages, add the app's exact \
redirect URI to the allowed callback URLs.
  redirect_mismatch
cognito token client_auth_wrong certain: Send the app client's secret (or `SECRET_HASH`), or use \
an app client without a secret.
  Unable to verify secret hash for client
cognito page client_unknown certain: Compare the client ID with the user pool's app clients, and \
the domain with the user pool.
  User pool client … does not exist
cognito page grant_not_enabled certain: In the app client's Login pages, allow the authorization \
code grant and the scopes.
  Client is not enabled for OAuth2.0 flows
identityserver page redirect_uri_mismatch certain: Add the app's exact redirect URI to the \
client's `RedirectUris`.
  Invalid redirect_uri: … / Sorry, there was an error : invalid_redirect_uri
identityserver page client_unknown certain: Compare the client ID with the configured clients, and \
check that the client is enabled.
  Unknown client or client not enabled / Unknown client or not enabled
identityserver redirect grant_not_enabled certain: Add the grant type to the client's \
`AllowedGrantTypes`.
  Invalid grant type for client / Client not authorized for … flow
identityserver redirect pkce_mismatch certain: Send `code_challenge` with \
`code_challenge_method=S256`, and the `code_verifier` of the same launch.
  code challenge required / code_challenge is missing
  Transformed code verifier does not match code challenge
identityserver redirect scope_not_registered certain: Add each scope to the configured scopes and \
to the client's `AllowedScopes`.
  Invalid scopes requested / not found in store or not supported by requested resource
identityserver token client_auth_wrong certain: Compare the secret with the client's \
`ClientSecrets`, and how it's sent.
  Client secret validation failed for client / No client secret found
identityserver token refresh_not_granted certain: Set `AllowOfflineAccess` for the client.
  does not have access to offline_access
spring-security! redirect state_unknown likely cookies_blocked likely: Launch and callback must \
share the session: one host name, cookies with `SameSite=None; Secure` in a frame, and sessions \
that all instances share.
  authorization_request_not_found
spring-security fhir token_of_another_server certain: Set `issuer-uri` and the audiences of the \
resource server to the ones in the token.
  The iss claim is not valid / The aud claim is not valid
spring-security fhir access_token_expired certain: Refresh the token, or launch again.
  Jwt expired at …
spring-security page redirect_uri_mismatch certain: Add the app's exact redirect URI to the \
registered client's `redirectUris`.
  OAuth 2.0 Parameter: redirect_uri
spring-security page client_unknown certain: Compare the client ID with the registered clients.
  OAuth 2.0 Parameter: client_id
spring-security redirect scope_not_registered certain: Add the scopes to the registered client.
  OAuth 2.0 Parameter: scope
spring-security token pkce_mismatch certain: Send the `code_verifier` of the same launch.
  Client authentication failed: code_verifier / OAuth 2.0 Parameter: code_
spring-security token client_auth_wrong certain: Compare the secret and the method of client \
authentication with the registered client.
  Client authentication failed: client_secret / Client authentication failed: authentication_method
spring-security launch tenant_mismatch certain: Write the issuer exactly as the server's discovery \
document does: scheme, host, port, and the slash at the end.
  provided in the configuration metadata did not match the requested issuer
spring-security launch discovery_missing likely: Open the issuer's `openid-configuration` from the \
machine where the program runs, and set `issuer-uri` to match.
  Unable to resolve … Configuration with the provided Issuer
dotnet! redirect cookies_blocked likely state_unknown possible: In a frame or behind a proxy, set \
the correlation cookie to `SameSite=None; Secure`, have the app see https (forwarded headers), and \
share the data protection keys among all instances.
  Correlation failed / IDX21323… / IDX10311…
dotnet! fhir token_of_another_server certain: Compare `iss` and `aud` in the token with the \
server's authority and audience, character by character. Request the token for this FHIR server.
  IDX10205… / IDX10214… / IDX10208…
dotnet! fhir token_of_another_server likely: Send the access token of this FHIR server's own \
authorization server. The one that was sent isn't a JWT.
  IDX12741… / IDX12709… / IDX14100…
dotnet! fhir access_token_expired certain: Refresh the token, or launch again.
  IDX10223…
dotnet! fhir clock_skew certain: Use NTP to set the clock of the machine that checks the token.
  IDX10222…
dotnet! token signing_key_unknown certain: Fetch the key set (`jwks_uri`) of the token's issuer \
again, and compare its `kid`s with the token's.
  IDX10501… / IDX10500… / IDX10503… / IDX10511…
dotnet! launch discovery_missing likely network_unreachable possible: Open the URL that the \
message names from the machine where the program runs.
  IDX20803… / IDX20804… / IDX20807…
hapi fhir fhir_request_invalid certain: Correct the resource type, the search parameter or the ID \
that the message names. `metadata` lists what the server offers.
  HAPI-0302:… / HAPI-0524:… / HAPI-1684:… / HAPI-2001:…
  Unknown resource type '…' - Server knows how to handle / does not know how to handle … operation
hapi! fhir fhir_base_wrong certain: Take a part of the path away: the server reads it as a \
resource type. Open the FHIR base followed by `/metadata` to check it.
  HAPI-0302: Unknown resource type 'fhir' - Server knows how to handle
  HAPI-0302: Unknown resource type 'R4' - Server knows how to handle
  HAPI-0302: Unknown resource type 'auth' - Server knows how to handle
  HAPI-0302: Unknown resource type '.well-known' - Server knows how to handle
hapi! fhir fhir_version_mismatch likely: Create the client's context for the server's FHIR version \
(`fhirVersion` in `metadata`).
  DataFormatException: Unknown resource name
hapi fhir user_not_permitted likely scope_trimmed likely: Compare the rules of the server's \
authorization interceptor with the scopes and the patient in the token.
  HAPI-0333:… / HAPI-0334:… / Access denied by rule / Access denied by default policy
azure fhir user_not_permitted likely aud_wrong possible: Give the user or the app a role on the \
FHIR service, such as `FHIR Data Contributor` or `FHIR SMART User` (an app role on the open-source \
server), and get a new token. To own the app registration isn't enough.
  #403 Forbidden from Azure's FHIR service / FHIR SMART User / Authorization failed.
  no "roles" claim / no roles claim
azure fhir token_of_another_server likely aud_wrong possible: Request the token for the FHIR \
service's own URL (`scope=URL/.default`), and compare its `aud` and `iss` with the audience and \
the authority of the service (Authentication).
  #401 Unauthorized from Azure's FHIR service / Authentication failed
google fhir not_a_launch_problem likely scope_trimmed possible: Give the service account or the \
user a role on the FHIR store (`roles/healthcare.fhirResourceReader`).
  #403 Forbidden from Google's FHIR store
aws fhir user_not_permitted likely token_of_another_server possible: Make sure that the token has \
the group or scope (`cognito:groups`, `scope`) that the server's rules ask for, and get a new one.
  #401 Unauthorized from a FHIR server on AWS / #403 Forbidden from a FHIR server on AWS
azure! page redirect_uri_mismatch certain: In the B2C tenant's app registration, add exactly the \
redirect URI that the app sends.
  AADB2C90006…
azure! token client_auth_wrong certain: Send the client secret, or register the redirect URI for a \
public client.
  AADB2C90079… / AADB2C90081…
azure! token code_expired_or_used certain: Exchange each code at once, and only once.
  AADB2C90080…
azure! redirect user_declined certain: Sign in again and finish it.
  AADB2C90091…
azure! redirect scope_not_registered certain: In the app registration, add the scope to the API \
permissions, and have an administrator consent.
  AADB2C90117… / AADB2C90205…
azure! page idp_policy likely: Have the administrator allow this sign-in (conditional access), or \
sign in from a browser and a device that the rule accepts.
  You can't get there from here
azure! fhir not_a_launch_problem likely: Give the FHIR service's managed identity the role \
`Storage Blob Data Contributor` on the storage account of the export, and let the account's \
network rules admit it.
  export operation failed for reason
azure token ehr_side likely: The grant is wider than the request. If users should choose the \
scopes themselves, revoke the administrator's consent in Azure.
  admin consent grants more scopes
aws! fhir token_not_in_header likely fhir_base_wrong likely: Check that the token isn't empty (a \
variable that isn't set), and compare the path with the stages and resources of the API: API \
Gateway says this of a path that it doesn't have, too.
  Missing Authentication Token
aws fhir token_of_another_server likely token_not_in_header possible: Create the data store with \
SMART on FHIR as its authorization strategy, or sign each request (SigV4). Other data stores take \
no bearer tokens.
  The security token included in the request is invalid
google page redirect_uri_mismatch certain: In the OAuth client's settings, add the app's exact \
redirect URI to Authorized redirect URIs.
  Error 400: redirect_uri_mismatch
google page client_unknown certain: Compare the client ID with the OAuth clients of the Google \
Cloud project.
  The OAuth client was not found
google! fhir not_a_launch_problem likely user_not_permitted likely: Give the service account or \
the user a role on the FHIR store that includes the permission that the message names.
  Permission healthcare.… denied / Permission 'healthcare.… denied
aws! fhir not_a_launch_problem likely user_not_permitted likely: In the IAM policy, allow the \
action that the message names.
  is not authorized to perform: healthlake:…
google fhir scope_trimmed likely scope_not_requested likely: Request a token with the scope \
`cloud-healthcare`.
  Request had insufficient authentication scopes
google fhir token_of_another_server likely: The Healthcare API takes tokens of Google's \
authorization server. Put a SMART proxy in front of it that translates the EHR's tokens.
  Request had invalid authentication credentials
google page idp_policy certain: Complete the verification of the OAuth consent screen, or add the \
user as a tester.
  doesn't comply with Google's OAuth 2.0 policy / has not completed the Google verification process
fhirclient! launch launch_parameter_missing certain: Launch the app from the EHR or from a \
launcher, which adds `iss` and `launch`, or set `iss` in `FHIR.oauth2.authorize`.
  No server url found / Failed to discover authorization URL given: undefined
fhirclient! launch state_unknown likely launch_parameter_missing likely cookies_blocked possible: \
Open the redirect page only as the end of a launch that the EHR or a launcher starts.
  No 'state' parameter found
fhirclient! launch state_unknown likely cookies_blocked likely: Open the redirect page in the same \
tab and on the same host as the launch page: the library keeps the state in `sessionStorage`.
  No state found! Please
fhirclient! fhir patient_context_missing likely scope_trimmed possible: Look at `patient` and \
`scope` in the token response. An EHR launch needs `launch` and an open chart, a standalone one \
`launch/patient`.
  Patient is not available / Encounter is not available
fhirclient! fhir scope_trimmed likely: Request `openid` and `fhirUser`, and see that both are \
granted. Update the library: older versions read only the claim `profile`.
  User is not available
fhirclient! token refresh_not_granted likely: Request `online_access` or `offline_access`, and \
see in the token response that the scope and a `refresh_token` are there.
  Unable to refresh. No / No 'offline_access' or 'online_access' scope found
fhirclient! token session_ended likely:
  Session expired! Please re-launch the app
epic fhir scope_not_registered likely user_not_permitted possible: On the app's page at \
fhir.epic.com, add the API for the part of the resource that the message names.
  59204… / search request applies to a sub-resource that the client is not authorized for
epic fhir results_limited likely: Search with other parameters, or as a user who sees the data in \
the chart.
  Resource request returns no results
epic fhir user_not_permitted likely: Try again as a user who may see this part of the chart.
  Authenticated user not authorized / Authenticated client not authorized
athenahealth page redirect_uri_mismatch certain: In the developer portal, add the app's exact \
redirect URI to the app's redirect URIs.
  The provided redirect url is not an approved redirect location
oracle page client_not_enabled_at_site certain: Ask the site to enable the app for this \
environment (domain), and give them its client ID.
  has not been white-listed by … for use / has not enabled … for accessing healthcare data
"""
_KINDS = cast("Mapping[str, Any]", causes.KINDS)


def _pattern(says: str) -> str:
    words = re.escape(says).replace("…", r"[^\n]{0,120}?").replace("\\ ", r"\s{0,2}")
    return rf"(?<!\w){words}" if says[0].isalnum() else words


def _entries() -> Iterator[Entry]:
    for group in _GROUPS.strip().replace("\n  ", "\r").split("\n"):
        head, *lines = group.split("\r")
        says = " / ".join(lines).split(" / ")
        names, _, step = head.partition(":")
        vendor, place, *told = names.split()
        vendor, its_own = vendor.rstrip("!"), vendor.endswith("!")
        source = SOURCES[f"OF_{vendor.upper().replace('-', '_')}"]
        steps = tuple(filter(None, [step.strip()]))
        found = tuple(
            _KINDS[id_](certainty, None, *(() if number else steps), source=source)
            for number, (id_, certainty) in enumerate(zip(told[::2], told[1::2], strict=True))
        )
        name = re.sub(r"[^a-z0-9]+", "-", says[0].lower()).strip("-")
        yield Entry(
            key=f"{vendor}/{name}",
            says=" / ".join(one.replace(" …", "…").replace("…", " …").strip(" #") for one in says),
            where=PLACES[place],
            meaning=found[0].title,
            causes=found,
            source=source,
            patterns=tuple(_pattern(one) for one in says if not one.startswith("#")),
            alone=its_own or bool(_NUMBER.match(says[0])),
            statuses=tuple(int(one[1:4]) for one in says if one.startswith("#")),
        )


_NUMBER = re.compile(r"HAPI-|RESTEASY|IDX|Error 400: |\[")
ENTRIES: tuple[Entry, ...] = tuple(_entries())
