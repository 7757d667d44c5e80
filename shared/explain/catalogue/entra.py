"""Microsoft Entra ID: the numbers of its messages (AADSTS), which mean the same in any language.

A group has a cause, its certainty, what to do, and a line for each meaning with its numbers. A
deeper line has words that come without the number. `+` marks a response of the token endpoint.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from shared.explain.catalogue import causes
from shared.explain.catalogue.sources import SOURCES
from shared.explain.model import Entry

_GROUPS = """\
redirect_uri_mismatch certain: In the app registration, under Authentication, add exactly the \
redirect URI that the app sends, for the right platform (Web or Single-page application).
  50011 The redirect URI in the request isn't one of the registered ones.
  500113 The app registration has no redirect URI.
  +500112 The redirect URI in the token request isn't the one in the authorization request.
client_unknown certain: Copy the Application (client) ID from the app registration, and send the \
request to the tenant that it's in (`/TENANT/oauth2/v2.0/`).
  700016 The tenant has no application with this client ID.
  70001 The application isn't known, or is disabled, in this tenant.
  7000229 The tenant has no service principal for the application.
client_auth_wrong certain: Under Certificates & secrets, create a client secret, and send its \
value (not its ID) as `client_secret`.
  +7000215 The client secret is wrong. Often, its ID was sent instead of its value.
  +7000222 The client secret has expired.
client_auth_wrong certain: Send a client secret or assertion, or register the redirect URI for a \
public client: Single-page application, or Mobile and desktop applications.
  +7000218 The app is a confidential client, but the request had no secret or assertion.
client_auth_wrong certain: Leave out the client secret: the app is registered as a public client.
  +700025 The registration is for a public client, and the request had a secret or an assertion.
client_auth_wrong certain: In a browser, use the code with PKCE and without a secret, and register \
the redirect URI as Single-page application. On a server, send no Origin header.
  +9002326 A browser exchanged the code, but the redirect URI isn't a single-page application's.
    Cross-origin token redemption is permitted only for
client_auth_wrong certain: Register the redirect URI as Web, only there, and send the secret. \
Single-page application is for codes that a browser exchanges.
  +9002327 A server exchanged the code, but the redirect URI is one of a single-page application.
    may only be redeemed via cross-origin requests
client_auth_wrong likely: Compare the client ID and the secret, certificate or assertion with the \
app registration.
  +70002 The client's credentials weren't accepted.
assertion_key_unknown certain: Under Certificates & secrets, upload the certificate whose key \
signs the assertion, and name it in the header (`x5t` or `kid`).
  +700027 The signature of the client assertion doesn't fit a registered certificate.
  +50012 The client assertion has an invalid signature.
assertion_claims_wrong certain: Set `iss` and `sub` of the assertion to the client ID, and `aud` \
to the token endpoint of this tenant.
  +700021 The assertion's `iss` or `sub` isn't the client ID.
  +700023 The assertion's `aud` isn't this tenant's.
clock_skew likely: Use NTP to set the clock of the machine that signs the assertion, and sign a \
new one for each request, valid for a few minutes.
  +700024,+500133 The assertion isn't valid at this time.
pkce_mismatch certain: Send `code_challenge` with `code_challenge_method=S256`, and in the token \
request the `code_verifier` of the same launch.
  +9002325 A code that a browser exchanges requires PKCE.
  50147 The size of `code_challenge` isn't valid.
  +50148,+501481 `code_verifier` doesn't match `code_challenge`.
  50149 `code_challenge` isn't valid.
code_expired_or_used certain: Exchange each code once. Look for a second request for it: a \
reload, a double callback, or two instances.
  +54005 The code was already redeemed.
code_expired_or_used likely: Exchange the code at once. For a refresh token, sign the user in \
again.
  +70008 The code or the refresh token has expired.
  +70000 The code or the refresh token isn't valid.
session_ended certain: Sign the user in again: the refresh token has ended.
  +700082 The refresh token was unused for too long.
  +700084 The refresh token of a single-page application has ended: it lasts 24 hours.
  +70043 The refresh token ended by a rule for the frequency of sign-ins (conditional access).
  +50173 The grant was revoked, for example by a new password.
session_ended certain: Start the sign-in with the user present: don't send `prompt=none`.
  50058 A silent sign-in was requested, but no user is signed in.
user_declined certain: Sign in again and consent.
  65004 The user declined to consent.
idp_policy certain: Have an administrator grant consent for the app (Enterprise applications, \
Permissions), or let the user consent interactively.
  65001 Neither the user nor an administrator has consented to the app with these permissions.
  90094 The permissions require an administrator's consent.
  650056 The app registration lists no permission for the resource, or no one has consented to it.
idp_policy certain: In Enterprise applications, assign the user or their group to the app.
  50105 The user isn't assigned to the app, which requires assignment.
idp_policy certain: Ask the administrator about the sign-in rules (multi-factor authentication, \
conditional access), and complete them interactively.
  50072,50079 The user must set up multi-factor authentication.
  50074 Multi-factor authentication is required.
  50076 Multi-factor authentication is required by a rule or because of the location.
  50097 The sign-in requires a registered device.
  50131 A rule for devices or locations stopped the sign-in.
  53000 A conditional access rule requires a compliant device.
  53001 A conditional access rule requires a device that's joined to the domain.
  53003 A conditional access rule blocks the token.
  500021 A rule of the network restricts sign-ins to other tenants.
idp_policy certain: Invite the user as a guest of this tenant, or sign in with an account of it.
  50020,90072 The user's account belongs to another directory and isn't a guest of this tenant.
user_not_permitted certain: Check the account in the directory.
  50034,51004 The directory has no such user.
  50057 The user's account is disabled.
user_credentials_wrong certain: Sign in with the right password, or have it reset.
  50126 The user name or the password is wrong.
  50053 The account is locked after too many attempts.
  50055 The password has expired.
  50056 The password is missing or not valid.
scope_not_registered certain: Under Expose an API of the FHIR server's registration, add the \
scope that the message names, in Entra's spelling. Entra doesn't allow the slash in `patient/…`: \
Microsoft's SMART samples use another sign and translate it.
  650053 A requested scope doesn't exist on the resource.
scope_not_registered certain: Under API permissions of the app registration, add the resource \
that the message names and its permissions, and consent to them.
  90008 The app must require access to the resource before anyone can consent.
  65005 The app's API permissions don't fit the resource that it requests.
  650057 The app requested a resource that its API permissions don't list.
scope_not_registered likely: Request the scopes of one resource only, in the form RESOURCE/SCOPE.
  70011 A scope isn't valid.
  28000 The scopes name more than one resource.
  28002 The scope isn't valid for this resource.
  28003 The scope is empty.
aud_wrong likely: Register the FHIR server's address as the Application ID URI of its \
registration, or send the registered one as `aud` or in front of the scopes.
  500011 The tenant has no resource with the requested name.
  50001 The requested resource isn't known, or is disabled.
  90009 The app requested a token for itself: it must name itself by its client ID.
parameter_not_recognised certain: Leave out `resource`, or use the v1.0 endpoint: v2.0 takes the \
resource from the scopes. SMART's `aud` needs a proxy that translates it.
  901002 The endpoint doesn't support the parameter `resource`.
tenant_mismatch certain: Put the directory (tenant) ID of the app registration into the authorize \
and token URLs, instead of another tenant, `common` or `organizations`.
  90002 There's no such tenant.
  50194 The app is registered for one tenant, but the request went to `common`.
  50059,50128 The request doesn't say which tenant it's for.
client_not_enabled_at_site certain: Ask the tenant's administrator to enable the app.
  7000112 The application is disabled in this tenant.
  500014 The resource is disabled in this tenant.
  650052 The organization has no service principal for, or subscription to, the resource.
request_malformed certain: Send the parameter that the message names, form-encoded in the body.
  +90014 A required field is missing.
  +900144 A required parameter is missing from the body.
  9002313 The request is malformed.
  +70003 The grant type isn't supported.
endpoint_wrong certain: Send the browser to the authorize URL, and POST the code to the token URL.
  900561 The token endpoint takes only POST.
grant_not_enabled certain: Use the authorization code flow (`response_type=code`), or turn on the \
tokens under Authentication, Implicit grant.
  700051 The registration doesn't allow `response_type=token`.
  700054 The registration doesn't allow `response_type=id_token`.
flow_misused likely: Look for a page that starts the sign-in again before it reads the response.
  50196 The app sent the same request too often: it's in a loop.
ehr_side likely: Try again in a minute. The number and the trace ID help Microsoft's support.
  90033,90006 A service is temporarily unavailable.
"""

_KINDS = cast("Mapping[str, Any]", causes.KINDS)


def _entries() -> Iterator[Entry]:
    for group in re.split(r"\n(?! )", _GROUPS.strip()):
        head, *lines = re.split(r"\n  (?! )", group)
        cause, _, step = head.partition(": ")
        id_, certainty = cause.split()
        kind = _KINDS[id_]
        told = (line.partition(" ") for line in lines)
        for name, text in ((one, what) for names, _, what in told for one in names.split(",")):
            number = name.removeprefix("+")
            meaning, *words = text.split("\n    ")
            yield Entry(
                key=f"azure/aadsts{number}",
                says=" / ".join((f"AADSTS{number}", *words)),
                where="token endpoint" if name != number else "authorize redirect",
                meaning=meaning,
                causes=(kind(certainty, meaning, step, source=SOURCES["ENTRA"]),),
                source=SOURCES["ENTRA"],
                patterns=(rf"\bAADSTS{number}\b", *words),
                alone=True,
            )


ENTRIES: tuple[Entry, ...] = tuple(_entries())
