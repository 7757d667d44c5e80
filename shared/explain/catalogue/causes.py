"""What each cause of a failed launch is, once: title, reason, steps (docs/troubleshooting.md).

An entry of the catalogue calls the cause it means and says only what is particular to it. Steps
name settings of smart.toml in backticks and, where a vendor is meant, the field of its console.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.explain.model import Cause, CauseId, Certainty
from shared.findings import ByFlow, ForUser

RELAUNCH = ByFlow(
    "Launch the app again from the patient's chart.",
    standalone="Launch the app again.",
    backend="Request a new token.",
)
AGAIN_LATER = ByFlow(
    "Launch the app again in a minute.", backend="Request a new token in a minute."
)
NEEDS_PATIENT = "Scopes that begin with `patient/` need a patient who was chosen at the launch."
CHOOSE = "Launch the app again, and choose a patient if the EHR asks for one."
_NOT_SO = "The EHR does not let the app open in this way."
BASIC_FORM = (
    "With `client_secret_basic`, if the secret or the client ID has a character such as `+`, `/` "
    "or `=`: some EHRs expect it form-encoded in the Basic header, others as is. Set "
    '`basic_credentials` in smart.toml to the other form, `"form"` or `"raw"`.'
)


class Elsewhere(str):
    """A step for other software than this app: left out where this app made the request."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One cause id with the text that holds for every EHR.

    `plainly` is the title for a clinician, empty where `title` is plain enough. `headline` says
    what happened, where that is more than the error says; if it `accuses` a person, it's told of a
    certain cause only. `first` is what the user does before the app is launched again: without it,
    that launch fails alike.
    """

    id: CauseId
    title: str
    plainly: str
    why: str
    steps: tuple[str, ...]
    headline: str = ""
    accuses: bool = False
    first: tuple[ForUser, ...] = ()

    def __call__(
        self,
        certainty: Certainty,
        source: str = "",
        *,
        title: str | None = None,
        why: str | None = None,
        steps: tuple[str, ...] | None = None,
        plainly: str = "",
        at_refresh: bool = False,
    ) -> Cause:
        """The cause for one error, with texts where the general ones are not close enough."""
        return Cause(
            self.id,
            title or self.title,
            steps or self.steps,
            why or self.why,
            certainty=certainty,
            source=source,
            plainly=plainly or self.plainly or self.title,
            at_refresh=at_refresh,
            headline=self.headline,
            accuses=self.accuses,
            first=() if plainly else self.first,
        )


launch_parameter_missing = Kind(
    "launch_parameter_missing",
    "The authorization request carried no `launch` value.",
    ByFlow("The app was not opened from a patient's chart.", standalone=_NOT_SO),
    "The EHR opens the app's launch address with `iss` and `launch`, and the app must pass "
    "`launch` on. An address that was typed, bookmarked or reloaded has none; a redirect, a "
    "sign-in page in between or a `#` in the registered address loses it.",
    (
        ByFlow("Launch the app from the patient's chart, not by opening its address.", None),
        (
            "In the registration, write the launch address as the server answers it, "
            "`https://HOST/launch`: no `#`, and no redirect behind it that drops the query."
        ),
        (
            "Look for `launch_started` in the log just before the failure: without one, the "
            "request did not come from this app's `/launch`."
        ),
    ),
)
launch_scope_missing = Kind(
    "launch_scope_missing",
    "The scopes lack `launch`.",
    ByFlow("The app is not set up for launches from a chart.", standalone=_NOT_SO),
    "In an EHR launch the server looks at the `launch` value only for an app that asks for the "
    "scope `launch`. Without it there is no patient.",
    (
        (
            "Remove every `launch…` scope from `scopes` in smart.toml: this app adds the right one "
            "itself, from how it was opened."
        ),
        Elsewhere("In other software, send the scope `launch` whenever a `launch` value is sent."),
        RELAUNCH,
    ),
)
launch_patient_scope_on_provider = Kind(
    "launch_patient_scope_on_provider",
    "`launch/patient` was asked for where clinicians sign in.",
    "The app is set up for patients, not for clinicians.",
    ByFlow(
        "`launch/patient` asks for a choice of patient in apps that are opened outside the EHR. A "
        "launch from the chart takes the patient from the `launch` value and needs the scope "
        "`launch`; EHRs that offer `launch/patient` to patients only refuse it to clinicians.",
        standalone="`launch/patient` asks for a choice of patient in apps that are opened outside "
        "the EHR. EHRs that offer `launch/patient` to patients only refuse it to clinicians.",
    ),
    (
        (
            "Ask for `launch` in place of `launch/patient`. In smart.toml leave both out of "
            "`scopes`: the scope follows from how the app was opened."
        ),
        RELAUNCH,
    ),
)
launch_value_invalid = Kind(
    "launch_value_invalid",
    "The EHR does not know this `launch` value.",
    "The launch was too old, or belongs to another environment.",
    "A `launch` value belongs to one launch in one environment. One that was invented, comes from "
    "an old tab, or belongs to another environment is refused.",
    (
        "Close older tabs of the app: reloaded, they send their old value again.",
        ByFlow(
            "Launch again from the chart of the environment that `iss` in smart.toml names; "
            "sandbox and production know nothing of each other.",
            standalone=None,
        ),
        Elsewhere(
            "In other software, pass the value on as it came: not decoded, not trimmed, not kept."
        ),
    ),
)
client_id_mismatch = Kind(
    "client_id_mismatch",
    "The EHR saw another client id than the one that is configured.",
    "The app is set up with another registration than the EHR's.",
    "The request was made by another deployment, with another configuration, or with the id of "
    "another app. What was checked on one registration says nothing about the other.",
    (
        "Compare the client id in the EHR's answer with `client_id` in smart.toml.",
        (
            "If they differ, find out which deployment answers at the registered launch address, "
            "and deploy it with this configuration."
        ),
        RELAUNCH,
    ),
)
client_unknown = Kind(
    "client_unknown",
    "The EHR does not know the client id.",
    "The EHR does not know the app.",
    "The id was mistyped, left as a placeholder, copied from another field, or belongs to "
    "another environment (sandbox or production).",
    (
        (
            "Compare `client_id` in smart.toml with the client id of the registration, character "
            "by character."
        ),
        "See that it is the id for this environment: sandbox and production have their own.",
        RELAUNCH,
    ),
)
client_not_enabled_at_site = Kind(
    "client_not_enabled_at_site",
    "The app is not enabled at this site.",
    "",
    "A registration is not enough: each site decides which apps may reach it, and for which of "
    "its environments.",
    (
        "Ask the site's EHR team to enable the app, giving them the client id and the environment.",
        RELAUNCH,
    ),
)
persona_mismatch = Kind(
    "persona_mismatch",
    "The app is registered for other people than those who sign in here.",
    "",
    "An app for patients meets the sign-in of clinicians, or the reverse.",
    (
        "In the registration, see whether the app is for clinicians or for patients.",
        (
            "Use the FHIR base for those people as `iss` in smart.toml, or register the app for "
            "the others."
        ),
        RELAUNCH,
    ),
)
tenant_mismatch = Kind(
    "tenant_mismatch",
    "Two tenants or environments are mixed.",
    "Two environments, such as test and production, are mixed.",
    "The address, the token or the `launch` value belongs to another organisation or environment "
    "than the one that was asked.",
    (
        "Compare the tenant in the EHR's answer with the one in `iss` in smart.toml.",
        (
            "Write `iss` as the EHR sends it, with the host it sends: sandbox and production hosts "
            "differ."
        ),
        RELAUNCH,
    ),
)
user_mismatch = Kind(
    "user_mismatch",
    "Another user is signed in in the browser than in the EHR.",
    "This browser is still signed in as somebody else.",
    "The browser still holds the session of someone else: of a console, of a portal, or of the "
    "last person at this workstation.",
    (
        "Sign out of the EHR's web pages and consoles in this browser, or use a private window.",
        RELAUNCH,
    ),
    first=(
        ForUser(
            "First sign out of the EHR's sign-in in this browser, or close all windows of the "
            "browser."
        ),
    ),
)
user_not_permitted = Kind(
    "user_not_permitted",
    "This user may not do that.",
    "This user may not open this record with the app.",
    "The token carries the user's own rights: what the user may not see in the EHR, the app may "
    "not read either.",
    (
        "Try with a user who can open this patient's chart in the EHR.",
        "Ask the site's EHR team which right the user lacks.",
    ),
)
patient_context_missing = Kind(
    "patient_context_missing",
    "There is no patient.",
    "The EHR did not say which patient.",
    ByFlow(
        f"{NEEDS_PATIENT} The app was opened outside a chart, or the EHR did not hand over the "
        "patient.",
        standalone=NEEDS_PATIENT,
    ),
    (
        ByFlow("Open a patient's chart in the EHR and launch the app from there.", CHOOSE, None),
        "For an app without a patient, use `user/` scopes in `scopes` in smart.toml.",
    ),
)
redirect_uri_mismatch = Kind(
    "redirect_uri_mismatch",
    "The redirect URI differs from the registered one.",
    "The app's address is not the one that the EHR has.",
    "EHRs compare it byte for byte: scheme, host, port, upper and lower case, and the slash at "
    "the end count.",
    (
        (
            "Register exactly `public_url` + `redirect_path` of smart.toml, by default "
            "`https://HOST/callback`."
        ),
        "Register the launch address apart from it: `https://HOST/launch`.",
        RELAUNCH,
    ),
)
aud_wrong = Kind(
    "aud_wrong",
    "`aud` is not the FHIR base that the EHR expects.",
    "The app is set up for another address of this EHR.",
    "`aud` must be the `iss` of the launch, byte for byte. A slash at the end, another host of "
    "the same EHR or another FHIR version is another value.",
    (
        "Write `iss` in smart.toml as the EHR sends it: this app sends it on as `aud` unchanged.",
        RELAUNCH,
    ),
)
request_malformed = Kind(
    "request_malformed",
    "A parameter of the request is missing, repeated or malformed.",
    "The EHR does not take the app's request.",
    "The EHR could not read the request, so it did not come to look at rights or registrations.",
    (
        Elsewhere(
            "In other software, compare the authorization request parameter by parameter with the "
            "list in docs/troubleshooting.md."
        ),
        RELAUNCH,
        Elsewhere("If this app made the request, report it with the correlation id."),
    ),
)
parameter_not_recognised = Kind(
    "parameter_not_recognised",
    "A parameter was sent that is no authorization parameter.",
    "The EHR does not take the app's request.",
    "What is unknown is ignored and takes nothing's place: `intent`, `patient` and `encounter` "
    "come back with the token and cannot be asked for.",
    (
        "Remove the parameter from the authorization request.",
        "Pass on the `launch` value, which carries the context.",
    ),
)
request_too_long = Kind(
    "request_too_long",
    "The request or the token becomes too long.",
    "The app asks for too much at once.",
    "A long list of scopes lengthens the address, which EHRs encode again on the way, and the "
    "token, which holds the scopes.",
    (
        "Take the scopes that the app does not use out of `scopes` in smart.toml.",
        "Run `make doctor CONFIG=smart.toml` and see `scope_count`.",
        RELAUNCH,
    ),
)
scope_not_registered = Kind(
    "scope_not_registered",
    "The app is not registered for a scope it asks for.",
    "The app asks for something it is not registered for.",
    "EHRs grant only what was chosen in the registration, and only what exists there.",
    (
        "Compare `scopes` in smart.toml with the resources chosen in the registration.",
        "Choose what is missing there, or take it out of `scopes`.",
        ByFlow(
            "Wait until the change has spread, then launch the app again.",
            backend="Wait until the change has spread.",
        ),
    ),
)
scope_syntax = Kind(
    "scope_syntax",
    "The scopes are written in the other SMART version, or with a wildcard.",
    "The app's permissions are not written as this EHR expects.",
    "An app is registered for SMART v1 (`patient/Observation.read`) or v2 "
    "(`patient/Observation.rs`). The other spelling and wildcards such as `patient/*.read` are "
    "dropped or refused by several EHRs.",
    (
        "In the registration, see which SMART version the app has.",
        "Write all of `scopes` in smart.toml in that version, one scope for each resource type.",
        RELAUNCH,
    ),
)
scope_trimmed = Kind(
    "scope_trimmed",
    "The EHR granted less than was asked for.",
    "The EHR gave the app fewer permissions than it needs.",
    "An EHR may cut the list of scopes without an error; what is missing shows only in the token "
    "answer and when FHIR refuses.",
    (
        (
            "Compare `scope.requested` with `scope.granted` in the answer of `/session`, or in the "
            "log's `callback_completed`."
        ),
        "For each missing scope: choose it in the registration, in the SMART version of the app.",
        ByFlow(
            "Wait until the change has spread, then launch the app again: a granted list does not "
            "grow later.",
            backend="Wait until the change has spread, then request a new token: a granted list "
            "does not grow later.",
        ),
    ),
)
code_expired_or_used = Kind(
    "code_expired_or_used",
    "The authorization code was used already, or is too old.",
    "The launch took too long, or its page was opened twice.",
    "A code opens one token exchange, soon after it was given. A reloaded callback page, a link "
    "checker or a slow server comes too late.",
    (
        ByFlow("Launch the app again; do not reload the page or go back to it.", backend=None),
        (
            "If it happens at every launch, see whether something else on the way opens the "
            "callback address first: a link scanner, a proxy, a second instance of the app."
        ),
    ),
)
client_auth_wrong = Kind(
    "client_auth_wrong",
    "The EHR didn't accept the app's client authentication.",
    "The app could not prove to the EHR that it is itself.",
    "A public client sends its client id and nothing else; a confidential one proves itself as "
    "registered, by a secret or by a signed assertion.",
    (
        (
            "In the registration, see whether the app is public or confidential, and by what it "
            "proves itself."
        ),
        (
            'Set `client_auth` in smart.toml to match: `"none"`, `"client_secret_basic"`, '
            '`"client_secret_post"` or `"private_key_jwt"`.'
        ),
        (
            "With a secret: set the one that `client_secret` refers to anew, without a space or "
            "line end."
        ),
        BASIC_FORM,
        "With a key: see that the EHR knows the public half, under the same `key_id`.",
    ),
)
clock_skew = Kind(
    "clock_skew",
    "Two clocks disagree.",
    "The clocks of the EHR and of the app disagree.",
    "An id_token and a client assertion carry times. A clock that is minutes off makes them "
    "expired, or not valid yet.",
    (
        (
            "Set the clock of the machine that checks the token with NTP: the server's, or the "
            "workstation's if the check runs in the browser."
        ),
        "Run `make doctor CONFIG=smart.toml` and see `clock_skew`.",
        "Google Cloud keeps its clocks right. There, tell the site that the EHR's clock is off.",
    ),
)
pkce_mismatch = Kind(
    "pkce_mismatch",
    "The code verifier does not fit the code challenge.",
    "The EHR does not take the app's request.",
    "The verifier at the token endpoint must be the one whose hash went with the authorization "
    "request of the same launch. Two parts of an app that each make their own, or a challenge "
    "sent as `plain`, do not fit.",
    (
        Elsewhere(
            "In other software, make the request and exchange the code in one place, with one "
            "verifier for each launch and `code_challenge_method=S256`."
        ),
        ByFlow("Launch the app again in one tab.", backend=None),
        Elsewhere("If this app made both, report it with the correlation id."),
    ),
)
cookies_blocked = Kind(
    "cookies_blocked",
    "The browser did not keep this app's cookie.",
    "The browser does not keep the app's cookies.",
    "In an EHR's frame the app is a third party. Browsers that block third-party cookies keep "
    "only partitioned ones, and older embedded browsers none.",
    (
        "Launch the app in its own window: its cookies aren't third-party cookies there.",
        "Have the administrator allow cookies of this app's address, partitioned ones included.",
        (
            "Begin and end the launch in the same window: an EHR's frame and a pop-up do not share "
            "cookies."
        ),
    ),
)
access_token_expired = Kind(
    "access_token_expired",
    "The access token has run out.",
    "The EHR's access has run out.",
    "Access tokens are short-lived. Without a refresh token the session ends with it.",
    (
        RELAUNCH,
        (
            "Ask for `online_access` in `scopes` in smart.toml, and allow it in the registration: "
            "then the token is renewed while the user is signed in."
        ),
    ),
)
session_ended = Kind(
    "session_ended",
    "The user's session at the EHR has ended.",
    "The sign-in at the EHR has ended.",
    "Access under `online_access` ends when the user signs out of the EHR or stays idle too long "
    "there; the app cannot prolong it.",
    (RELAUNCH,),
)
user_declined = Kind(
    "user_declined",
    "The user declined or cancelled.",
    "The sign-in was cancelled.",
    "Someone chose not to sign in or not to agree. That is no fault.",
    (ByFlow("Launch the app again, and agree this time.", backend=None),),
    headline="The sign-in was cancelled, so the app was not opened.",
    accuses=True,
)
fhir_request_invalid = Kind(
    "fhir_request_invalid",
    "The FHIR request is not one that this server takes.",
    "The EHR does not take the app's request.",
    "The token was not the matter: a search parameter is missing or unknown, the media type is "
    "not served, or the address does not exist.",
    (
        "Read the OperationOutcome, where there is one.",
        (
            "Send `Accept: application/fhir+json` and the search parameters that the EHR's "
            "documentation asks for."
        ),
    ),
)
not_propagated_yet = Kind(
    "not_propagated_yet",
    "The registration, or its last change, has not reached this server yet.",
    "The app's registration has not reached this server yet.",
    "EHRs copy registrations to their sites with a delay, from minutes to a day or two.",
    (
        ByFlow(
            "Wait, change nothing meanwhile, and launch the app again.",
            backend="Wait, change nothing meanwhile, and request a new token.",
        ),
        (
            "If it lasts longer than the vendor's documentation says, compare the registration "
            "once more."
        ),
    ),
)
ehr_side = Kind(
    "ehr_side",
    "The EHR failed.",
    "",
    "The request was accepted and something behind it did not work. The app cannot mend that.",
    (
        AGAIN_LATER,
        (
            "If it happens again, give the EHR's support the error, its instance or correlation "
            "id, the client id and the time."
        ),
    ),
    headline="The EHR could not complete the launch.",
)

cors_blocked = Kind(
    "cors_blocked",
    "The server doesn't let this page read its responses (CORS).",
    "The browser blocked the EHR's response.",
    "The browser sent the request and hid the response: the server's headers don't allow the "
    "page's origin. Postman, curl and backends aren't affected.",
    (
        "On the server that refused, not on the app's, allow the page's origin (CORS).",
        "If you can't change that server, call it from a backend, as this app's proxy does.",
    ),
)
refresh_not_granted = Kind(
    "refresh_not_granted",
    "The EHR gave no refresh token.",
    "The EHR gave access for a short time only.",
    "An EHR gives one only if `online_access` or `offline_access` was requested, is registered for "
    "the app, and was granted. Without one, access ends with the access token.",
    (
        (
            "Add `online_access` (or `offline_access`) to `scopes` in smart.toml, and allow it in "
            "the app's registration."
        ),
        ByFlow(
            "Launch the app again, and check the granted scopes in the token response.",
            backend="Request a new token, and check the granted scopes in the token response.",
        ),
    ),
)
refresh_reused = Kind(
    "refresh_reused",
    "A refresh token that was already exchanged was sent again.",
    "The EHR's access was renewed twice at the same time.",
    "This EHR gives a new refresh token with each refresh and revokes the old one. Two processes "
    "that share a token, or one that doesn't store the new one, send the old one.",
    (
        "Store the new refresh token from every response, and let one process at a time refresh.",
        "The revoked grant can't be restored: launch or authorize the app again.",
    ),
)
state_unknown = Kind(
    "state_unknown",
    "The callback doesn't know this `state`.",
    "The app doesn't know this launch any more.",
    "The data of the launch is gone or elsewhere: the page was opened by its URL, the launch "
    "is too old, or launch and callback ran in two windows, hosts or instances.",
    (
        ByFlow(
            "Launch the app again from the EHR, in one tab. Don't open the redirect URI yourself.",
            backend=None,
        ),
        "Use the same host name in both steps, and storage that all instances share.",
    ),
)
assertion_key_unknown = Kind(
    "assertion_key_unknown",
    "The EHR doesn't have the key that signed the client assertion.",
    "The EHR doesn't know the app's key.",
    "The `kid` in the assertion's header must name a public key that the EHR holds or can fetch "
    "from the registered JWKS URL. EHRs cache that set, and some ignore `jku`.",
    (
        (
            "Compare the `kid` in the assertion's header with the key set that is registered, and "
            "publish the new key next to the old one before you sign with it."
        ),
        "Check that the registered JWKS URL is public and has a trusted certificate.",
        "After a change, wait until the EHR has read the key set again.",
    ),
)
assertion_claims_wrong = Kind(
    "assertion_claims_wrong",
    "A claim of the client assertion is wrong.",
    "The app could not prove to the EHR that it is itself.",
    "`iss` and `sub` must be the client id, `aud` the token URL, `exp` at most five "
    "minutes ahead and `jti` new each time. Some servers require `iat`, and "
    "RS384 or ES384 as `alg`.",
    (
        (
            "Decode the assertion and compare `iss`, `sub`, `aud`, `exp`, `iat`, `jti` and `alg` "
            "with the EHR's documentation."
        ),
        "Set `aud` to the `token_endpoint` from discovery, character by character.",
    ),
)
signing_key_unknown = Kind(
    "signing_key_unknown",
    "The app doesn't have the key that signed this token.",
    "The app could not confirm who is signed in.",
    "Authorization servers rotate their keys. A verifier that keeps an old key set, or reads "
    "another server's, finds no key with the token's `kid`.",
    (
        (
            "Fetch the key set (`jwks_uri`) again when a `kid` is unknown, and cache it for up to "
            "a day."
        ),
        "Check that `jwks_uri` belongs to the issuer of this token.",
    ),
)
fhir_base_wrong = Kind(
    "fhir_base_wrong",
    "The URL isn't this server's FHIR base.",
    "The app is set up with a wrong address of this EHR.",
    "The host doesn't exist, or the path is wrong: the FHIR base is what the EHR sends as `iss`, "
    "with its version and tenant, and nothing after it.",
    (
        (
            "Open the FHIR base URL followed by `/metadata`. If you get no CapabilityStatement, "
            "the base or its host is wrong. Take it from the EHR's documentation or from `iss`."
        ),
    ),
)
fhir_version_mismatch = Kind(
    "fhir_version_mismatch",
    "The client and the server use different FHIR versions.",
    "The app and the EHR use different versions of FHIR.",
    "The library expects resources of one FHIR version, and the server sends another. Launch and "
    "token aren't involved.",
    ("Use the server's base for the client's FHIR version, or configure the client for R4.",),
)
endpoint_wrong = Kind(
    "endpoint_wrong",
    "The authorize or token URL isn't the one that discovery names.",
    "The app is set up with a wrong address of this EHR.",
    "The server has nothing at this URL: it was built by hand, belongs to another realm or "
    "version, or was moved.",
    (
        (
            "Take `authorization_endpoint` and `token_endpoint` from "
            "`ISS/.well-known/smart-configuration`, unchanged."
        ),
    ),
)
discovery_missing = Kind(
    "discovery_missing",
    "The server has no SMART configuration at this URL.",
    "The EHR doesn't say how to connect to it.",
    "The server doesn't support SMART, keeps it at another base, or lists its endpoints only in "
    "`metadata`, as before SMART App Launch 2.",
    (
        "Open `ISS/.well-known/smart-configuration` in a browser, with `ISS` as the EHR sends it.",
        "If only `metadata` works, ask the server's operator to turn SMART support on.",
    ),
)
tls_untrusted = Kind(
    "tls_untrusted",
    "A certificate in the connection isn't trusted.",
    "The connection to the EHR isn't trusted.",
    "The server's certificate comes from a private CA, lacks its chain, or a proxy replaced it. "
    "Browsers trust more CAs than a container does. Don't turn the check off.",
    (
        (
            "Give the program the CA's certificate: `ca_file` in smart.toml, or your runtime's CA "
            "bundle."
        ),
        "If the CA is public, have the server send its intermediate certificates.",
    ),
)
frame_refused = Kind(
    "frame_refused",
    "A page doesn't allow the EHR to show it in a frame.",
    "A page refused to open inside the EHR.",
    "The page in the browser's message sends `X-Frame-Options` or a `frame-ancestors` list without "
    "the EHR's address. This app sends no `X-Frame-Options`.",
    (
        (
            "On the server of the page that was refused, remove `X-Frame-Options` and add the "
            "EHR's address to `frame-ancestors` (in smart.toml `frame_ancestors`)."
        ),
        "If it's a login page, have the EHR open the app in its own window.",
    ),
)
user_credentials_wrong = Kind(
    "user_credentials_wrong",
    "The user's name or password was refused.",
    "The user name or password was refused.",
    "The user couldn't sign in. The app's own credentials aren't involved.",
    (
        "Sign in to the EHR itself as the same user. Reset the password or unlock the account.",
        "Check that the user belongs to this environment: sandbox users differ.",
    ),
)
token_of_another_server = Kind(
    "token_of_another_server",
    "The access token was issued by another server, or for another audience.",
    "Two environments, such as test and production, are mixed.",
    "The FHIR server accepts tokens from its own authorization server, issued for this FHIR base. "
    "The `iss` or `aud` of this token differs.",
    (
        (
            "Compare `iss` and `aud` in the token with the issuer and audience that the FHIR "
            "server is configured with."
        ),
        "Send the FHIR base as `aud`, to the authorize URL that this base's discovery names.",
    ),
)
token_not_in_header = Kind(
    "token_not_in_header",
    "The request had no access token in its Authorization header.",
    "The app's request had no access to the EHR.",
    "The token must come as `Authorization: Bearer`. A query parameter or cookie isn't read, and "
    "redirects, proxies and gateways may drop the header.",
    ("Send `Authorization: Bearer` with the access token, and check that every proxy passes it.",),
)
opaque_token_decoded = Kind(
    "opaque_token_decoded",
    "The app decodes an access token that isn't a JWT.",
    "The app misread the EHR's response.",
    "An access token may have any form and is opaque to the app. Only an id_token is always a JWT.",
    (
        (
            "Don't decode the access token. The patient, scopes and lifetime are next to it in the "
            "token response, and the user is in the id_token."
        ),
    ),
)
grant_not_enabled = Kind(
    "grant_not_enabled",
    "The app isn't registered for this grant type.",
    "The app isn't registered for this kind of access.",
    "A registration allows certain ways to get a token: `authorization_code`, `refresh_token`, "
    "`client_credentials` for backend services.",
    (
        (
            "In the app's registration, allow the grant type that it uses. For a backend service, "
            "register a client of that kind."
        ),
    ),
)
scope_not_requested = Kind(
    "scope_not_requested",
    "The scope that this call needs was never requested.",
    "The app didn't ask for the permission that it needs.",
    "A token covers what was requested at its launch. The server refuses a resource type or an "
    "action that is in no requested scope.",
    ("Add the scope for this resource and action to `scopes`, and register it.", RELAUNCH),
)
results_limited = Kind(
    "results_limited",
    "The response leaves out what this client or user isn't allowed to see.",
    "The EHR shows only what this user and app may see.",
    "A search returns 200 and lists only what scopes, user and site allow, so a short or empty "
    "list isn't an error.",
    (
        (
            "Read the OperationOutcome in the Bundle and the granted scopes, and compare with the "
            "chart as the same user sees it."
        ),
        "Follow every `next` link, and add the categories that the EHR requires.",
    ),
)
flow_misused = Kind(
    "flow_misused",
    "One page does both the launch and the callback.",
    "The app starts its launch over and over.",
    "The launch page starts the authorization and the redirect URI completes it. If one page does "
    "both, it starts over each time, or has no `code` to complete.",
    (
        (
            "Start (`authorize`) only at the launch URL, complete (`ready`) only at the redirect "
            "URI, and register the two as different URLs."
        ),
    ),
)
not_a_launch_problem = Kind(
    "not_a_launch_problem",
    "This isn't a launch, token or FHIR access problem.",
    "The app itself failed before it reached the EHR.",
    "The message comes from a build tool, a package or a cloud platform. No EHR answered.",
    ("Fix the build, package or permission that the message names.",),
)

KINDS: Mapping[CauseId, Kind] = {
    kind.id: kind for kind in tuple(globals().values()) if isinstance(kind, Kind)
}
