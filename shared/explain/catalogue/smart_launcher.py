"""SMART Health IT's launcher, the simulator that most apps use first: its exact messages."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow

AGAIN = ByFlow("Launch the app again from the launcher's page.", backend=causes.RELAUNCH.backend)
_SIMULATED_SCOPE = r"simulated invalid scope error"
_SIMULATES = "The launcher was set to simulate this error."
_ON_PURPOSE = causes.ehr_side(
    "certain",
    "The launcher's options include a simulated error. Nothing is wrong with the app.",
    ByFlow(
        "On the launcher's page, set Simulated Error to None and launch again.",
        backend="On the launcher's page, set Simulated Error to None.",
    ),
    source=sources.LAUNCHER,
    title="The launcher simulates this error.",
)

_entry = partial(entry, where="authorize redirect", source=sources.LAUNCHER)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "smart-launcher/invalid-launch-options",
        "The launcher couldn't read its own settings. The launcher keeps its settings in the "
        "`launch` value or in the `/sim/…` part of the URL, but found neither.",
        causes.launch_parameter_missing(
            "likely",
            "The authorization endpoint was called without `launch`, at a URL without `/sim/…`.",
            AGAIN,
            (
                "For a standalone launch, copy the FHIR base with `/sim/…` from the "
                "launcher's page into `iss` in smart.toml."
            ),
            source=f"{sources.LAUNCHER}; {sources.PEERBITS}; {sources.YOURPHR}",
        ),
        causes.launch_value_invalid(
            "possible", "The `launch` value was cut off or changed in transit."
        ),
        says="Invalid launch options: SyntaxError: …",
        alone=True,
        patterns=("invalid launch options",),
    ),
    _entry(
        "smart-launcher/missing-redirect-uri",
        "`redirect_uri` is missing from the authorization request or from the token request.",
        causes.request_malformed(
            "certain",
            "The launcher requires `redirect_uri` in both requests.",
            "Send the same `redirect_uri` in both requests.",
        ),
        says="Missing redirect_uri parameter",
        where="error page",
        patterns=("missing '?redirect_uri'? parameter",),
        lacks=("redirect_uri",),
    ),
    _entry(
        "smart-launcher/missing-aud",
        "`aud` is missing.",
        causes.aud_wrong(
            "certain",
            "Every authorization request requires `aud`.",
            "Send `aud` with the value of `iss`.",
        ),
        says="Missing aud parameter",
        patterns=(r"missing aud\b",),
        lacks=("aud",),
    ),
    _entry(
        "smart-launcher/bad-audience",
        "`aud` isn't this launcher's FHIR base. The message names the expected one.",
        causes.aud_wrong(
            "certain",
            "The launcher compares the whole URL, but treats http and https as the same. A "
            "trailing slash matters.",
            "Set `iss` in smart.toml to the value that the message expects.",
            AGAIN,
        ),
        says='Bad audience value "X". Expected "Y".',
        alone=True,
        patterns=("bad audience value",),
    ),
    _entry(
        "smart-launcher/pkce-required",
        "The launcher is set to require PKCE with S256, but the request doesn't use it.",
        causes.pkce_mismatch(
            "certain",
            "`code_challenge` is missing, or its method isn't `S256`.",
            "Send `code_challenge` and `code_challenge_method=S256`, as this app does.",
        ),
        says="Invalid code_challenge_method. Must be S256. / Missing code_challenge parameter",
        patterns=(
            "invalid code_challenge_method",
            "missing code_challenge parameter",
            "unsupported code_challenge_method",
        ),
        lacks=("code_challenge", "code_challenge_method"),
    ),
    _entry(
        "smart-launcher/declined",
        "The user clicked the button to decline.",
        causes.user_declined("certain"),
        says="error=invalid_request, error_description=Unauthorized",
        patterns=(r"""error_description["']?\s?[=:]\s?["']?unauthorized(?=["'&\n]|$)""",),
    ),
    _entry(
        "smart-launcher/invalid-redirect-uri",
        "The redirect URI isn't one of those set in the launcher, or it isn't a URL.",
        causes.redirect_uri_mismatch(
            "certain",
            None,
            (
                "In the launcher's client registration options, set Allowed Redirect URIs to "
                "`public_url` + `redirect_path` from smart.toml, or leave it empty."
            ),
            AGAIN,
        ),
        says="Invalid redirect_uri / Bad redirect_uri",
        where="error page",
        patterns=(r"(?:invalid|bad) redirect_uri\b(?! parameter)",),
    ),
    _entry(
        "smart-launcher/invalid-client-id",
        "The client ID isn't the one set in the launcher.",
        causes.client_id_mismatch(
            "certain",
            "The app sends a different client ID.",
            (
                "Set `client_id` in smart.toml to the one that the message expects, or "
                "clear the Client ID in the launcher's client registration options."
            ),
            title="The client ID isn't the one set in the launcher.",
        ),
        says='Invalid client_id "X". Expected "Y".',
        patterns=(r"""invalid client_id ["'][^"'\n]{0,200}["']\. expected""",),
    ),
    _entry(
        "smart-launcher/scope-not-granted",
        "A list of scopes is set in the launcher, and the request has scopes that aren't in it.",
        causes.scope_not_registered(
            "certain",
            "The message names the invalid scopes and the allowed ones.",
            (
                "In the launcher's client registration options, add the scopes or clear the "
                "list. Alternatively, remove the scopes from `scopes` in smart.toml."
            ),
        ),
        says="Scope … could not be granted. Your client is allowed to request …",
        alone=True,
        patterns=(r"could not be granted\. your client is allowed to request",),
    ),
    _entry(
        "smart-launcher/missing-code",
        "The token request has no `code`.",
        causes.request_malformed(
            "certain",
            "The code wasn't passed from the callback to the token request, or the body "
            "isn't form-encoded.",
            "Send `code` form-encoded in the body.",
            AGAIN,
        ),
        says="Missing 'code' parameter",
        where="token endpoint",
        patterns=("missing 'code' parameter",),
        lacks=("code",),
    ),
    _entry(
        "smart-launcher/code-expired",
        "The code is too old, or was changed in transit. The launcher's codes are valid "
        "for five minutes.",
        causes.code_expired_or_used(
            "certain",
            "The code was exchanged more than five minutes after it was issued, or isn't "
            "from this launcher.",
            AGAIN,
        ),
        says="Invalid token (supplied as code parameter in the POST body). jwt expired",
        where="token endpoint",
        alone=True,
        patterns=(r"supplied as code parameter in the post body",),
    ),
    _entry(
        "smart-launcher/token-redirect-uri",
        "The redirect URI in the token request isn't the same as the one in the authorization "
        "request.",
        causes.redirect_uri_mismatch(
            "certain",
            "Both requests must name the same redirect URI.",
            "Send the same `redirect_uri` in both requests.",
            AGAIN,
        ),
        says="Invalid redirect_uri parameter",
        where="token endpoint",
        patterns=("invalid redirect_uri parameter",),
    ),
    _entry(
        "smart-launcher/pkce-verifier",
        "The code verifier is missing or doesn't match the code challenge.",
        causes.pkce_mismatch("certain"),
        says="Invalid grant or Invalid PKCE Verifier / Missing code_verifier parameter",
        where="token endpoint",
        alone=True,
        patterns=("invalid pkce verifier", "missing code_verifier parameter"),
    ),
    _entry(
        "smart-launcher/refresh-token",
        "The refresh token is no longer valid.",
        causes.session_ended(
            "likely",
            "The launcher stores nothing. A refresh token contains its own expiry, and a token "
            "issued for other launch options or another URL doesn't match.",
            AGAIN,
            source=f"{sources.LAUNCHER}; that it has expired is inferred",
            title="The refresh token has expired, or isn't from this launcher.",
        ),
        says="Invalid refresh token",
        where="token endpoint",
        patterns=(r"\b(?:invalid|expired) refresh token\b",),
    ),
    _entry(
        "smart-launcher/client-auth",
        "The launcher is set to expect a confidential client with a secret.",
        causes.client_auth_wrong(
            "certain",
            "The app sends no secret, or a different secret than the one set in the launcher.",
            'Set `client_auth = "client_secret_basic"` and `client_secret` in smart.toml.',
            (
                "If the secret or the client ID has a character such as `+`, `/` or `=`, "
                'set `basic_credentials = "raw"`: the launcher compares the Basic header '
                "without decoding it."
            ),
            "Alternatively, choose Public Client in the launcher.",
        ),
        says="Basic authentication is required for confidential clients",
        where="token endpoint",
        alone=True,
        patterns=(
            "is required for confidential clients",
            "invalid client_(?:id|secret) in the basic auth header",
        ),
    ),
    _entry(
        "smart-launcher/client-assertion",
        "The signed client assertion wasn't accepted. The message names the problem.",
        causes.client_auth_wrong(
            "certain",
            "A claim in the assertion is wrong, or its key isn't in the client's key set. The "
            "key in the set must have the assertion's `kid` and `alg`.",
            (
                "Set the launcher's JWKS URL to `https://HOST/launch/jwks.json`. The launcher "
                "must be able to reach that URL."
            ),
            "Make sure `key_id` in smart.toml is a `kid` in that key set.",
        ),
        says="Invalid token 'aud' value / None of the keys found in the JWKS have kid equal to …",
        where="token endpoint",
        patterns=(
            "(?:missing|invalid) token '(?:iss|sub|aud|exp|jti|typ|kid|alg)'",
            "none of the keys found in the jwks",
            "no usable (?:public )?keys? found",
            "multiple usable public keys found in the jwks",
            "jwks (?:is not an object|does not have a .keys. property)",
            "invalid jwks json",
            "failed to fetch jwks from",
        ),
    ),
    _entry(
        "smart-launcher/simulated",
        _SIMULATES,
        _ON_PURPOSE,
        says="Simulated invalid … error",
        alone=True,
        patterns=(
            r"simulated invalid (?:client_id|redirect_uri) parameter",
            _SIMULATED_SCOPE,
            # The FHIR server's words.
            r"\(simulated error\)",
        ),
    ),
    _entry(
        "smart-launcher/simulated-option",
        _SIMULATES,
        _ON_PURPOSE,
        says="auth_invalid_scope, token_invalid_token … among the launcher's options",
        patterns=(
            (
                r"\bsimulat(?:ed|es?|ing) (?:an? )?errors?\b|\bauth_invalid_(?:client_id"
                r"|redirect_uri"
                r"|scope)\b"
            ),
            r"\b(?:token_invalid_(?:token|scope|jti)|request_(?:invalid|expired)_token)\b",
            r"\btoken_expired_(?:registration|refresh)_token\b",
        ),
    ),
    _entry(
        "smart-launcher/simulated-token",
        _SIMULATES,
        _ON_PURPOSE,
        says="Simulated invalid token error / client secret error / 'jti' value",
        where="token endpoint",
        alone=True,
        patterns=(
            r"simulated invalid (?:token|client|client secret) error",
            r"simulated expired [a-z ]{0,20}token error",
            r"simulated invalid 'jti' value",
        ),
    ),
    _entry(
        "smart-launcher/iframe",
        "The launcher shows the app in an iframe, where the app is a third party.",
        causes.cookies_blocked(
            "likely",
            "The browser doesn't send the app's launch cookie to the callback.",
            "Turn off the launcher's frame, or allow partitioned cookies in the browser.",
        ),
        where="launch",
        says="fails with Simulate launch within the EHR user interface",
        patterns=("launch within the ehr user interface",),
        source=f"{sources.LAUNCHER_34}; {sources.CLIENT_JS_115}",
    ),
)
