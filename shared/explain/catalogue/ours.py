"""The app's own refusals (docs/errors.md) and their causes.

`own/A+B` stands for an entry for each of these errors, with the texts of its class.
"""

from collections.abc import Iterator
from dataclasses import replace

from shared import errors
from shared.explain.catalogue.table import entries
from shared.explain.model import Entry

OWN = "this product's own check (docs/errors.md)"


def own(text: str) -> tuple[Entry, ...]:
    """Return the entries of a text, and one for each error class that it names."""
    return tuple(each for one in entries(text) for each in _each(one))


def _each(entry: Entry) -> Iterator[Entry]:
    vendor, _, names = entry.key.partition("/")
    for name in names.split("+") if vendor == "own" else ():
        error = getattr(errors, name)
        yield replace(
            entry,
            key=f"smart-calc/{error.code.replace('_', '-')}",
            says=error.code,
            meaning=f"{error.title} {error.why}",
            patterns=(rf"\b{error.code}\b",),
        )
    if vendor != "own":
        yield entry


ENTRIES = own(
    r"""
* fhir this product's own check (docs/errors.md)
own/LaunchParameterMissing+IssMissing launch
  launch_parameter_missing certain
    @ this product's own check (docs/errors.md); how `launch` got lost is inferred
own/IssNotAllowed launch
  tenant_mismatch likely
    ? The launch's `iss` isn't in any `[[ehr]]` entry. The `iss` has a different tenant, host or
      FHIR version, or it differs only in a trailing slash.
    > If you know this EHR, add its `iss` to an `[[ehr]]` entry in smart.toml, byte for byte. `/*`
      at the end stands for any tenant of a host.
    > If you don't know this EHR, don't add it.
own/DiscoveryFailed+DiscoveryInvalid launch
  tenant_mismatch possible @ inferred
    ? `iss` isn't a FHIR base: part of the path is missing, or the tenant doesn't exist on this
      host.
    > Run `make doctor CONFIG=smart.toml`.
    > Correct `iss` in smart.toml.
  ehr_side possible @ inferred
    ? The EHR doesn't respond, or lists endpoints on hosts that aren't allowed for it.
    > Run `make doctor CONFIG=smart.toml`.
    > If the EHR uses another host, make sure that the host belongs to the EHR, and add it to
      `endpoint_hosts` in smart.toml.
own/CookieMissing+BrowserMismatch redirect
  cookies_blocked likely
    @ this product's own check (docs/errors.md); {LAUNCHER_34}; {SMART_OVERVIEW}
  code_expired_or_used possible @ inferred
    ? The redirect URI was opened again, later or in another browser: from the history, a bookmark,
      or a link that was passed on.
own/StateUnknown+StateMissing redirect
  code_expired_or_used likely
    ? The launch was already completed (the page was reloaded or opened twice), it took longer than
      `launch_minutes`, or it never started because the redirect URI was opened on its own.
  redirect_uri_mismatch possible @ inferred
    ? In the registration, the launch URL is the same as the redirect URI, so the EHR launches the
      callback.
own/IssuerMismatch redirect
  tenant_mismatch likely
    ? The `iss` in the response, or the redirect path that received the response, belongs to another
      `[[ehr]]` entry.
    > Compare each entry's `redirect_path` in smart.toml with the redirect URI in that EHR's
      registration.
    > $RELAUNCH
    > If it happens again with a correct configuration, treat it as an attack and tell your security
      team.
own/KeysUnreadable token
  clock_skew possible @ inferred from {OPENID}
    ? By this server's clock, `iat` or `exp` is off by more than two minutes.
  tenant_mismatch possible @ this product's own check (docs/errors.md); {DISCOVERY_CAPTURE}
    ? The ID token's `iss` isn't the issuer in the EHR's discovery document. Some EHRs use a
      different issuer.
    > Set `vendor` in smart.toml. Oracle Health's profile includes its issuers.
    > Otherwise, set `id_token_issuer` to the EHR's documented issuer.
  client_id_mismatch possible @ inferred from {OPENID}
    ? The ID token's `aud` isn't the configured client ID.
own/TokenError+TokenInvalid token
  ehr_side possible: The EHR's token endpoint didn't return a usable token.
    ? Without the endpoint's error, the cause can't be narrowed down.
    > Find the log entry with the correlation ID, and paste its error into `make explain`.
    > Run `make doctor CONFIG=smart.toml`.
  client_auth_wrong possible @ inferred
own/SessionExpired
  session_ended likely
    ? The session was idle for `session_idle_minutes`, it reached `session_max_hours`, the user
      logged out, or the EHR refused to renew the token.
  access_token_expired possible
own/SessionMissing
  cookies_blocked likely @ this product's own check (docs/errors.md); {SMART_OVERVIEW}
  session_ended possible
    ? The browser was closed in the meantime, or another user launched the app in it, which clears
      the previous user's sessions.
own/ScopeDenied
  scope_trimmed likely @ this product's own check (docs/errors.md); {AUTHORIZATION}
  scope_not_registered possible: The app doesn't request the scope that this request needs.
    ? The scope isn't in `scopes`, so it was never requested.
    > Add the scope that the message names to `scopes` in smart.toml, and select it in the EHR's
      registration.
    > $RELAUNCH
own/PatientMissing+PatientDenied
  patient_context_missing certain
    ? The session has only `patient/` scopes. Such scopes cover the launch's patient and no one
      else.
    > Launch the app from the chart of the patient that you need. |standalone $CHOOSE |backend -
    > For access to other patients, configure `user/` scopes in smart.toml.
own/NotAcceptable+MediaTypeUnsupported+MethodNotAllowed+PathInvalid
  fhir_request_invalid certain
    ? The proxy doesn't forward this method, path, Accept header or body. The request wasn't sent to
      the EHR.
    > Send a read or a search, with a path such as `Patient/ID` or `Observation`.
    > Send `Accept: application/fhir+json`.
own/UpstreamUnreachable+UpstreamTimeout+UpstreamInvalid+RefreshFailed
  ehr_side likely
    ? The EHR, or the network between the app and the EHR, failed.
"""
)
