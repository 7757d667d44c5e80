"""The causes of failed launches: the title, reason and steps of each (docs/troubleshooting.md).

An entry of the catalogue has a cause's certainty and only the texts that differ for that error.
Steps name settings of smart.toml in backticks, and a vendor's steps name the fields of its console.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from shared.explain.catalogue.lines import blocks, flows
from shared.explain.model import Cause, CauseId
from shared.findings import ByFlow, ForUser

RELAUNCH = ByFlow(
    "Launch the app again from the patient's chart.",
    standalone="Launch the app again.",
    backend="Request a new token.",
)
AGAIN_LATER = ByFlow(
    "Launch the app again in a minute.", backend="Request a new token in a minute."
)
WITHOUT_CREDENTIALS = (
    "If the message mentions the credentials mode `include`, send the request without "
    'credentials (`credentials: "omit"`, no `withCredentials`).'
)
WITHOUT_A_CHART = (
    "If users open the app without a chart (a standalone launch), leave out both the parameter "
    "and the scope `launch`. In this app, set `standalone = true`, request `user/` scopes, and "
    "open `/launch?ehr=KEY`."
)
BEHIND_A_PROXY = (
    "Have the program behind the proxy read `X-Forwarded-Proto`, or set its public https URL, so "
    "that it builds https URLs."
)
NEEDS_PATIENT = "Scopes that begin with `patient/` require that a patient is selected at launch."
CHOOSE = "Launch the app again, and choose a patient if the EHR asks for one."
BASIC_FORM = (
    "With `client_secret_basic`, some EHRs expect characters such as `+`, `/` and `=` to be "
    "form-encoded in the Basic header, and others expect them as is. If the secret or the client "
    'ID contains one, set `basic_credentials` in smart.toml to the other form (`"form"` or '
    '`"raw"`).'
)


# As in shared/explain/catalogue/table.py, with the title after the id. `h` is the headline, and `f`
# a first step for the user.
_KINDS = r"""
launch_parameter_missing: The authorization request had no `launch` value.
  c The app wasn't opened from a patient's chart. |standalone The EHR doesn't allow the app to be
    opened this way.
  ? The EHR opens the app's launch URL with `iss` and `launch`, and the app must pass `launch` on. A
    URL that was typed, bookmarked or reloaded has no `launch`. A redirect, a login page in between
    or a `#` in the registered URL drops the value.
  > Launch the app from the patient's chart. Don't open its URL directly. |standalone -
  > In the registration, enter the launch URL exactly as the server serves it,
    `https://HOST/launch`, with no `#` and no redirect that drops the query.
  > Check the log for `launch_started` just before the failure. If it's missing, the request didn't
    come from this app's `/launch`.
launch_scope_missing: The scopes don't include `launch`.
  c The app isn't set up for launches from a chart. |standalone The EHR doesn't allow the app to be
    opened this way.
  ? In an EHR launch, the server reads the `launch` value only if the app requests the scope
    `launch`. Without that scope, there's no patient in context.
  > Remove every `launch…` scope from `scopes` in smart.toml. This app adds the right launch scope
    itself, based on how it was opened.
  > ~ In other software, request the scope `launch` whenever you send a `launch` value.
  > $RELAUNCH
launch_patient_scope_on_provider: The app requested `launch/patient` in a sign-in for clinicians.
  c The app is set up for patients, not for clinicians.
  ? `launch/patient` lets the user choose a patient in apps that are opened outside the EHR. A
    launch from the chart gets the patient from the `launch` value and needs the scope `launch`.
    EHRs that offer `launch/patient` only to patients refuse it to clinicians. |standalone
    `launch/patient` lets the user choose a patient in apps that are opened outside the EHR. EHRs
    that offer `launch/patient` only to patients refuse it to clinicians.
  > Request `launch` instead of `launch/patient`. In smart.toml, leave both out of `scopes`, because
    the app adds the right one itself.
  > $RELAUNCH
launch_value_invalid: The EHR doesn't recognize this `launch` value.
  c The launch is too old or belongs to another environment.
  ? A `launch` value belongs to one launch in one environment. The EHR refuses a value that was made
    up, comes from an old tab, or belongs to another environment.
  > Close older tabs of the app. When they're reloaded, they send their old value again.
  > Launch again from a chart in the environment that `iss` in smart.toml belongs to. Sandbox and
    production don't share launches. |standalone -
  > ~ In other software, pass the value on unchanged. Don't decode, trim or store it.
client_id_mismatch: The EHR saw a different client ID than the configured one.
  c The app and the EHR are set up with different registrations.
  ? The request came from another deployment, used another configuration, or had another app's
    client ID.
  > Compare the client ID in the EHR's response with `client_id` in smart.toml.
  > If they differ, find out which deployment serves the registered launch URL, and deploy it with
    this configuration.
  > $RELAUNCH
client_unknown: The EHR doesn't recognize the client ID.
  c The EHR doesn't recognize the app.
  ? The client ID was mistyped, left as a placeholder or copied from another field, or it belongs to
    another environment (sandbox or production).
  > Compare `client_id` in smart.toml with the client ID of the registration, character by
    character.
  > Make sure it's the client ID for this environment. Sandbox and production IDs differ.
  > $RELAUNCH
client_not_enabled_at_site: The app isn't enabled at this site.
  ? A registration isn't enough. Each site decides which apps can access it, and in which of its
    environments.
  > Ask the site's EHR team to enable the app. Give them the client ID and the environment.
  > $RELAUNCH
persona_mismatch: The app isn't registered for the kind of user who signs in here.
  ? An app for patients opened the login page for clinicians, or the reverse.
  > In the registration, check whether the app is for clinicians or for patients.
  > Use the FHIR base for the app's kind of user as `iss` in smart.toml, or register the app for the
    other kind of user.
  > $RELAUNCH
tenant_mismatch: Two tenants or environments are mixed up.
  c Two environments, such as test and production, are mixed up.
  ? The URL, the token or the `launch` value belongs to a different organization or environment than
    the one that was called.
  > Compare the tenant in the EHR's response with the one in `iss` in smart.toml.
  > Write `iss` exactly as the EHR sends it, including the host. Sandbox and production hosts
    differ.
  > $RELAUNCH
user_mismatch: The browser's login session belongs to a different user than the one signed in to \
    the EHR.
  c This browser is still signed in as someone else.
  ? The browser still has someone else's session. It comes from a console, a portal, or the last
    person who used this workstation.
  > Sign out of the EHR's web pages and consoles in this browser, or use a private window.
  > $RELAUNCH
  f First sign out of the EHR's login page in this browser, or close all browser windows.
user_not_permitted: This user lacks a permission in the EHR.
  c This user isn't allowed to open this record with the app.
  ? The token is limited to the user's own permissions. If the user isn't allowed to see something
    in the EHR, the app can't read it either.
  > Try again as a user who can open this patient's chart in the EHR.
  > Ask the site's EHR team which permission the user lacks.
patient_context_missing: There's no patient in context.
  c The EHR didn't name a patient.
  ? Scopes that begin with `patient/` require that a patient is selected at launch. The app was
    opened outside a chart, or the EHR didn't name a patient. |standalone $NEEDS_PATIENT
  > Open a patient's chart in the EHR and launch the app from there. |standalone $CHOOSE |backend To
    get a patient, launch the app for a user: a backend service's token has none.
  > ~ Request `launch` with the value that the EHR sent, or `launch/patient` if the user opened the
    app without a chart. Then read `patient` in the token response, next to `access_token`.
  > If the app doesn't need a patient, replace the `patient/` scopes in `scopes` in smart.toml with
    `user/` scopes.
redirect_uri_mismatch: The redirect URI differs from the registered one.
  c The app's address isn't the one that the EHR has.
  ? EHRs compare redirect URIs byte for byte, so the scheme, host, port, case and a trailing slash
    all matter.
  > Register exactly `public_url` + `redirect_path` from smart.toml, by default
    `https://HOST/callback`.
  > ~ Copy `redirect_uri` from the address bar at the EHR's error or login page, decode it, and
    compare it with the registration of this client ID: a framework, a base path or a proxy can make
    it another one than you configured, such as http for https.
  > Register the launch URL separately: `https://HOST/launch`.
  > $RELAUNCH
aud_wrong: `aud` isn't the FHIR base that the EHR expects.
  c The app is set up with a different address for this EHR.
  ? `aud` must match the launch's `iss` byte for byte. A URL with a trailing slash, another host of
    the same EHR or another FHIR version doesn't match.
  > ~ Send the FHIR base as `aud` (elsewhere `audience` or `resource`), exactly as the server has it
    registered or sends it as `iss`.
  > Write `iss` in smart.toml exactly as the EHR sends it. This app sends `iss` unchanged as `aud`.
  > $RELAUNCH
request_malformed: A parameter of the request is missing, repeated or malformed.
  c The EHR doesn't accept the app's request.
  ? The EHR couldn't read the request, so it didn't check permissions or registrations.
  > ~ Send each of these once, form-encoded: `response_type=code`, `client_id`, `redirect_uri`,
    `scope`, `state`, `aud`, `code_challenge`, `code_challenge_method=S256`, and `launch` if the EHR
    opened the app.
  > $RELAUNCH
  > ~ If this app sent the request, report the error with the correlation ID.
parameter_not_recognised: The request has a parameter that isn't an authorization parameter.
  c The EHR doesn't accept the app's request.
  ? EHRs ignore unknown parameters, so such a parameter doesn't replace another one. `intent`,
    `patient` and `encounter` are in the token response, and apps can't request them.
  > Remove the parameter from the authorization request.
  > Send the `launch` value that the app received. It identifies the context.
request_too_long: The request or the token is too long.
  c The app requests too much at once.
  ? A long list of scopes makes the URL longer, and EHRs encode that URL again. The token also gets
    longer, because it contains the scopes.
  > Remove the scopes that the app doesn't use from `scopes` in smart.toml.
  > Run `make doctor CONFIG=smart.toml` and check `scope_count`.
  > $RELAUNCH
scope_not_registered: The app isn't registered for a scope that it requests.
  c The app requests something it isn't registered for.
  ? EHRs grant only scopes that they support and that are selected in the registration.
  > Compare `scopes` in smart.toml with the resources selected in the registration.
  > Select each missing scope in the registration, or remove it from `scopes`.
  > ~ Separate scopes by spaces, and request only those for the app's kind of user: `patient/`,
    `user/`, or `system/` for a backend service.
  > Wait until the change has propagated, then launch the app again. |backend Wait until the change
    has propagated.
scope_syntax: The scopes use the other SMART version's syntax, or a wildcard.
  c The app's permissions aren't written the way this EHR expects.
  ? An app is registered for SMART v1 (`patient/Observation.read`) or v2 (`patient/Observation.rs`).
    Several EHRs drop or refuse the other syntax and wildcards such as `patient/*.read`.
  > In the registration, check the app's SMART version.
  > Write all `scopes` in smart.toml in that version's syntax, one for each resource type.
  > $RELAUNCH
scope_trimmed: The EHR granted less than the app requested.
  c The EHR gave the app fewer permissions than it needs.
  ? An EHR can shorten the list of scopes without returning an error. You notice missing scopes only
    in the token response and when the FHIR server refuses a request.
  > Compare the scopes in the token response with the requested ones, and select each missing one in
    the app's registration. This app lists them as `scope.missing` in the `/session` response and
    `missing` in the log's `callback_completed`. |backend Compare the scopes in the token response
    with the requested ones, and select each missing one in the registration.
  > In the registration, select each missing scope in the syntax of the app's SMART version.
  > Wait until the change has propagated, then launch the app again. An existing grant doesn't get
    new scopes. |backend Wait until the change has propagated, then request a new token. An existing
    grant doesn't get new scopes.
code_expired_or_used: The authorization code was already used or is too old.
  c The launch took too long, or its page was opened twice.
  ? A code works for only one token exchange, and only for a short time. The exchange can fail if
    the callback page is reloaded, if a link checker opens it first, or if a server is slow.
  > Launch the app again. Don't reload the page or go back to it. |backend -
  > ~ Exchange each code once and at once: look for a second request, such as an effect that runs
    twice (React's StrictMode), a reload, or a second instance.
  > If it happens on every launch, check whether something else opens the redirect URI first: a link
    scanner, a proxy, or a second instance of the app.
  > ~ Decode the code exactly once before you send it, and remove `code` and `state` from the page's
    address afterward, so that a reload doesn't send them again.
client_auth_wrong: The EHR didn't accept the app's client authentication.
  c The app couldn't prove its identity to the EHR.
  ? A public client sends only its client ID. A confidential client authenticates as registered,
    with a secret or a signed assertion.
  > In the registration, check whether the app is public or confidential, and how it authenticates:
    with a secret, in the header or in the body, or with a signed assertion. The app must do the
    same.
  > Set `client_auth` in smart.toml to match: `"none"`, `"client_secret_basic"`,
    `"client_secret_post"` or `"private_key_jwt"`.
  > If you use a secret, enter it again in the place that `client_secret` refers to, without a space
    or line break.
  > $BASIC_FORM
  > If you use a key, make sure that the EHR has its public half under the same `key_id`.
clock_skew: Two clocks disagree.
  c The clocks of the EHR and of the app disagree.
  ? ID tokens and client assertions contain times. If a clock is off by minutes, they're treated as
    expired or not valid yet.
  > Use NTP to set the clock of the machine that checks the token. This is the server, or the
    workstation if the check runs in the browser.
  > ~ If only a few launches fail, allow a tolerance of a minute in the check (`leeway`,
    `clockTolerance`), and send `iat` and `nbf` a few seconds in the past.
  > Run `make doctor CONFIG=smart.toml` and check `clock_skew`.
  > Google Cloud keeps its clocks accurate. If the app runs there, tell the site that the EHR's
    clock is off.
pkce_mismatch: The code verifier doesn't match the code challenge.
  c The EHR doesn't accept the app's request.
  ? The verifier sent to the token endpoint must be the one whose hash was the challenge in the same
    launch's authorization request. The verifier doesn't match if two parts of an app each create
    their own, or if the challenge was sent as `plain`.
  > ~ In other software, send the request and exchange the code in one place, with one verifier for
    each launch and `code_challenge_method=S256`.
  > ~ The challenge is the SHA-256 of the verifier's ASCII characters as base64url, without `=`.
    Keep the verifier with this launch's `state`: a second request replaces the first one's.
  > Launch the app again, and use only one tab. |backend -
  > ~ If this app sent both requests, report the error with the correlation ID.
cookies_blocked: The browser didn't keep this app's cookie.
  c The browser doesn't keep the app's cookies.
  ? In the EHR's iframe, the app's cookies are third-party cookies. Browsers that block third-party
    cookies keep only partitioned ones, and older embedded browsers keep none.
  > ~ Set the app's session cookie with `SameSite=None; Secure`, and `Partitioned` for frames.
    `Lax`, which is the default, isn't sent in a frame or with a POST from another site.
  > Launch the app in its own window, where its cookies aren't third-party cookies.
  > Ask the administrator to allow cookies from this app's host, including partitioned ones.
  > Start and finish the launch in the same window. An EHR's iframe and a pop-up don't share
    cookies.
access_token_expired: The access token has expired.
  c Access to the EHR has expired.
  ? Access tokens are short-lived. Without a refresh token, the session ends with the access token.
  > $RELAUNCH
  > Add `online_access` to `scopes` in smart.toml, and allow it in the registration. The token is
    then renewed while the user is signed in. |backend -
session_ended: The user's EHR session has ended.
  c The EHR session has ended.
  ? With `online_access`, access ends when the user signs out of the EHR or is idle there too long.
    The app can't extend it.
  > $RELAUNCH
user_declined accuses: The user declined or canceled.
  c The sign-in was canceled.
  ? Someone chose not to sign in or not to consent. That isn't an error.
  > Launch the app again, and this time sign in and approve access. |backend -
  h The sign-in was canceled, so the app wasn't opened.
fhir_request_invalid: This server doesn't accept the FHIR request.
  c The EHR doesn't accept the app's request.
  ? The token wasn't the problem: a search parameter is missing or unknown, the server doesn't offer
    the media type, or the URL doesn't exist.
  > Read the OperationOutcome, if there is one.
  > Send `Accept: application/fhir+json` and the search parameters that the EHR's documentation
    requires.
not_propagated_yet: The registration, or its last change, hasn't reached this server yet.
  c The app's registration hasn't reached this server yet.
  ? EHRs copy registrations to their sites with a delay of minutes to a day or two.
  > Wait without changing anything, then launch the app again. |backend Wait without changing
    anything, then request a new token.
  > If this takes longer than the vendor's documentation says, check the registration again.
ehr_side: The EHR failed.
  ? The EHR failed while it handled the request. The app can't fix that.
  > $AGAIN_LATER
  > If it happens again, give the EHR's support team the error, its instance or correlation ID, the
    client ID and the time.
  h The EHR couldn't complete the launch.
cors_blocked: The server doesn't let this page read its responses (CORS).
  c The browser blocked the EHR's response.
  ? The server's headers don't allow the page's origin, or they allow every origin, which rules out
    requests with credentials. Postman, curl and backends aren't affected.
  > Allow the page's origin (CORS) on the server that was called, not on the app's server. An origin
    is the scheme, the host and the port, without a path.
  > If you can't change that server, call it from a backend, as this app's proxy does.
  > $WITHOUT_CREDENTIALS
refresh_not_granted: The EHR didn't issue a refresh token.
  c The EHR gave access only for a short time.
  ? An EHR issues a refresh token only if `online_access` or `offline_access` was requested, is
    registered for the app, and was granted. Without one, access ends with the access token.
  > Add `online_access` (or `offline_access`) to `scopes` in smart.toml, and allow it in the app's
    registration. |backend -
  > Launch the app again, and check the granted scopes in the token response. |backend Request a new
    token, and check the granted scopes in the token response.
refresh_reused: A refresh token that was already exchanged was sent again.
  c Access to the EHR was renewed twice at the same time.
  ? This EHR issues a new refresh token at each refresh and revokes the old one. If two processes
    share a token, or if a process doesn't store the new token, the old one is sent again.
  > Store the new refresh token from every response, and let only one process refresh at a time.
  > The revoked grant can't be restored. Launch or authorize the app again.
scope_version_mismatch: The scopes were requested in one SMART version and granted in the other.
  c The app and the EHR write permissions differently.
  ? `patient/Observation.read` (v1) and `patient/Observation.rs` (v2) allow the same, but software
    that compares them as text finds nothing.
  > Request the scopes in the version that the server grants, or compare what they allow instead of
    their text: `.read` is `.rs`, `.write` is `.cud`, `.*` is `.cruds`.
  > $RELAUNCH
idp_policy: A rule of the identity provider stopped the sign-in.
  c The organization's sign-in doesn't allow this app or this user.
  ? Identity providers have their own rules: consent by an administrator, assignment of users to an
    app, conditional access, or an expired password. SMART isn't involved.
  > Ask the administrator of the identity provider to consent to the app, to assign the user to it,
    or to change the rule that the message names.
  > Look up the attempt in the identity provider's sign-in log, by its time and trace ID.
network_unreachable: The server can't be reached from where the program runs.
  c The app can't reach the EHR over the network.
  ? The name was resolved, but no connection came about, or it broke off: a firewall, a proxy, a
    VPN, a list of allowed addresses, or a server that's down.
  > On the machine or in the container where the program runs, call the same URL with `curl -v`. If
    that fails too, have the network (firewall, proxy, VPN, allowed IP addresses) opened for it.
  > If it works there, compare the proxy settings and time limits of the program.
content_blocked: The browser blocked the request before it was sent.
  c The browser doesn't let the app call the EHR.
  ? The page's own Content Security Policy doesn't list the address, the page is https and the
    address http, or a browser extension stopped the request. The server got nothing.
  > Add the host that the message names to the directive that it names, such as `connect-src`, in
    the Content-Security-Policy of the app's page.
  > Use https for every address. If it's `ERR_BLOCKED_BY_CLIENT`, turn off the extension.
state_unknown: The callback doesn't recognize this `state`.
  c The app no longer recognizes this launch.
  ? The launch's data is gone or stored elsewhere: the page was opened directly, the launch is too
    old, or the launch and the callback ran in different windows or on different hosts or instances.
  > Launch the app again from the EHR, in one tab. Don't open the redirect URI yourself, and let
    the user's browser follow the redirect, not a program. |backend -
  > Use the same host name for the launch and the callback, and storage that all instances share.
  > ~ On one host, such as `localhost`, two programs overwrite each other's session cookie, even on
    different ports: give each its own cookie name.
assertion_key_unknown: The EHR doesn't have the key that signed the client assertion.
  c The EHR doesn't have the app's key.
  ? The `kid` in the assertion's header must name a public key that the EHR has or can fetch from
    the registered JWKS URL. EHRs cache these keys, and some ignore `jku`.
  > Compare the `kid` in the assertion's header with the registered key set. Before you sign with a
    new key, publish it next to the old one.
  > Check that the registered JWKS URL is public and has a trusted certificate.
  > After a change, wait until the EHR has read the key set again.
assertion_claims_wrong: A claim in the client assertion is wrong.
  c The app couldn't prove its identity to the EHR.
  ? `iss` and `sub` must be the client ID, `aud` the token URL, `exp` at most five minutes ahead and
    `jti` new each time. Some servers require `iat`, and RS384 or ES384 as `alg`.
  > Decode the assertion and compare `iss`, `sub`, `aud`, `exp`, `iat`, `jti` and `alg` with the
    EHR's documentation.
  > Set `aud` to the `token_endpoint` from discovery, character by character.
signing_key_unknown: The app doesn't have the key that signed this token.
  c The app couldn't confirm who is signed in.
  ? Authorization servers rotate their keys. A verifier that keeps an old key set, or reads another
    server's, finds no key with the token's `kid`.
  > If a `kid` is unknown, fetch the key set (`jwks_uri`) again, however old the cached one is.
    Oracle Health, for example, has new keys about every two days.
  > Otherwise, you can cache the key set for up to a day.
  > Check that `jwks_uri` belongs to the issuer of this token.
fhir_base_wrong: The URL isn't this server's FHIR base.
  c The app is set up with the wrong address for this EHR.
  ? The host or the path of the URL is wrong. The FHIR base is the URL that the EHR sends as
    `iss`, including the version and the tenant, with nothing after it.
  > Open the FHIR base URL followed by `/metadata`. If you get no CapabilityStatement, the base or
    its host is wrong. Use the base URL from the EHR's documentation or from `iss`.
fhir_version_mismatch: The client and the server use different FHIR versions.
  c The app and the EHR use different versions of FHIR.
  ? The launch and the token aren't involved.
  > Use the server's base for the client's FHIR version, or configure the client for R4.
endpoint_wrong: The authorize or token URL isn't the one in the discovery document.
  c The app is set up with the wrong address for this EHR.
  ? The server has nothing at this URL: the URL was built by hand, belongs to another realm or
    version, or has changed.
  > Take `authorization_endpoint` and `token_endpoint` from `ISS/.well-known/smart-configuration`,
    unchanged.
discovery_missing: The server has no SMART configuration at this URL.
  c The EHR doesn't say how to connect to it.
  ? The server doesn't support SMART, publishes its configuration only with authorization turned on,
    has it at another base, or lists its endpoints only in `metadata`, as servers did before SMART
    App Launch 2.
  > In a browser, open `ISS/.well-known/smart-configuration`. For ISS, use the `iss` that the EHR
    sends.
  > If only `metadata` works, ask the server's operator to turn on SMART support, or configure the
    client with the two endpoints that `metadata` lists under `rest.security`.
tls_untrusted: The connection uses a certificate that isn't trusted.
  c The connection to the EHR isn't trusted.
  ? The server's certificate comes from a private CA, is sent without its chain, or was replaced by
    a proxy. Browsers trust more CAs than a container does. Don't turn off certificate checks.
  > Give the program the CA's certificate: `ca_file` in smart.toml, or your runtime's CA bundle
    (trust store).
  > If the CA is public, have the server send its intermediate certificates.
frame_refused: A page doesn't allow the EHR to show it in a frame.
  c A page refused to open inside the EHR.
  ? The page named in the browser's message sends `X-Frame-Options` or a `frame-ancestors` list
    without the EHR's address. This app sends no `X-Frame-Options`.
  > On the server of the page that was refused, remove `X-Frame-Options` and add the EHR's address
    to `frame-ancestors` (`frame_ancestors` in smart.toml).
  > If the page is a login page, have the EHR open the app in its own window.
user_credentials_wrong: The user name or password was refused.
  c The user name or password was refused.
  ? The user couldn't sign in. The app's own credentials aren't involved.
  > Sign in to the EHR as this user. If that fails, reset the password or unlock the account.
  > Check that the user belongs to this environment: a sandbox has its own users.
token_of_another_server: The access token was issued by another server, or for another audience.
  c Two environments, such as test and production, are mixed up.
  ? The FHIR server accepts only tokens that its own authorization server issued for this FHIR base.
  > Compare `iss` and `aud` in the token with the issuer and audience that the FHIR server is
    configured with.
  > Use the authorization endpoint in the FHIR server's discovery document, and send the FHIR base
    as `aud`.
  > ~ Send the access token. An id_token is for the app, and its `aud` is the client ID.
token_not_in_header: The request had no access token in its Authorization header.
  c The app called the EHR without proof of its access.
  ? The token must be sent as `Authorization: Bearer`. The server doesn't read a token in a query
    parameter or cookie, and redirects, proxies and gateways may drop the header.
  > Send `Authorization: Bearer` with the access token, and check that every proxy keeps that
    header.
opaque_token_decoded: The app decodes an access token that isn't a JWT.
  c The app misread the EHR's response.
  ? An access token may have any form and is opaque to the app. Only an id_token is always a JWT.
  > Don't decode the access token. The token response also contains the patient, the scopes and the
    lifetime, and the id_token identifies the user.
  > ~ If your own API checks the token, have the authorization server issue JWTs for that API.
    Auth0, for example, does so if the request has `audience`.
grant_not_enabled: The app isn't registered for this grant type.
  c The app isn't registered for this kind of access.
  ? A registration allows certain ways to get a token: `authorization_code`, `refresh_token`, or
    `client_credentials` for backend services.
  > In the app's registration, allow the grant type that it uses. For a backend service, register a
    client of that kind.
scope_not_requested: The scope that this call needs was never requested.
  c The app didn't ask for the permission that it needs.
  ? A token covers only the scopes that were requested for it. The server refuses a resource type
    or an action that none of them covers.
  > Add the scope for this resource and action to `scopes`, and register it.
  > $RELAUNCH
results_limited: The response leaves out what this client or user isn't allowed to see.
  c The EHR shows only what this user and app may see.
  ? A search returns 200 and lists only what the scopes, the user's permissions and the site allow,
    so a short or empty list isn't an error.
  > Read the OperationOutcome in the Bundle and the granted scopes, and compare the results with the
    chart as the same user sees it.
  > Follow every `next` link, and search with the categories that the EHR requires.
  > ~ A token with a patient finds only that patient. To search for others, request `user/` scopes.
flow_misused: One page handles both the launch and the callback.
  c The app starts its launch over and over.
  ? The launch page starts the authorization and the redirect URI completes it. If one page does
    both, it starts over each time or has no `code` to exchange.
  > Start the authorization (`authorize`) only at the launch URL, complete it (`ready`) only at the
    redirect URI, and register two different URLs.
  > ~ If they are different already, look at the token request: many apps start over if it fails, or
    if the browser has lost what the launch stored.
not_a_launch_problem: This isn't a launch, token or FHIR access problem.
  c The app itself failed before it reached the EHR.
  ? The message comes from a build tool, a package or a cloud platform. No EHR responded.
  > Fix the build, package or permission that the message names.
"""


def _kinds() -> Iterator[Cause]:
    names = {name: text for name, text in globals().items() if name.isupper()}
    for block in blocks(_KINDS):
        head, _, title = block[0][1].partition(": ")
        id_, *accuses = head.split()
        told: dict[str, Any] = {"c": title, "?": "", "h": ""}
        steps: dict[str, list[str]] = {">": [], "f": []}
        for _, line in block[1:]:
            mark, _, rest = line.partition(" ")
            if mark in steps:
                steps[mark].append(flows(rest, names))
            else:
                told[mark] = flows(rest, names)
        yield Cause(
            cast("CauseId", id_),
            title,
            tuple(steps[">"]),
            told["?"],
            plainly=told["c"],
            headline=told["h"],
            accuses=bool(accuses),
            first=tuple(map(ForUser, steps["f"])),
        )


# For any EHR. An error's own cause is `KINDS[id](…)`.
KINDS: Mapping[CauseId, Cause] = {kind.id: kind for kind in _kinds()}
