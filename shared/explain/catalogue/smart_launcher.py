"""SMART Health IT's launcher: the simulator that most apps meet first, by its exact messages."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry
from shared.findings import ByFlow

_AGAIN = ByFlow("Launch the app again from the launcher's page.", backend=causes.RELAUNCH.backend)
_SIMULATED_SCOPE = r"simulated invalid scope error"
_SIMULATES = "The launcher was told to simulate this error."
_ON_PURPOSE = causes.ehr_side(
    "certain",
    sources.LAUNCHER,
    title="The launcher simulates this error.",
    why="Its launch options have a simulated error; nothing is wrong with the app.",
    steps=(
        ByFlow(
            "On the launcher's page, set Simulated Error to None and launch again.",
            backend="On the launcher's page, set Simulated Error to None.",
        ),
    ),
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="smart-launcher/invalid-launch-options",
        says="Invalid launch options: SyntaxError: …",
        where="authorize redirect",
        patterns=("invalid launch options",),
        meaning="The launcher could not read its own settings: it keeps them in the `launch` value "
        "or in the `/sim/…` part of the address, and found neither.",
        causes=(
            causes.launch_parameter_missing(
                "likely",
                f"{sources.LAUNCHER}; {sources.PEERBITS}; {sources.YOURPHR}",
                why="The authorization endpoint was called without `launch`, at an address without "
                "`/sim/…`.",
                steps=(
                    _AGAIN,
                    (
                        "For a standalone launch, copy the FHIR base with `/sim/…` from the "
                        "launcher's page into `iss` in smart.toml."
                    ),
                ),
            ),
            causes.launch_value_invalid(
                "possible", why="The `launch` value was cut or changed on the way."
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/missing-redirect-uri",
        says="Missing redirect_uri parameter",
        where="error page",
        patterns=("missing '?redirect_uri'? parameter",),
        lacks=("redirect_uri",),
        meaning="`redirect_uri` is missing in the authorization or in the token request.",
        causes=(
            causes.request_malformed(
                "certain",
                why="The launcher wants `redirect_uri` in both requests.",
                steps=("Send `redirect_uri`, the same in both requests.",),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/missing-aud",
        says="Missing aud parameter",
        where="authorize redirect",
        patterns=(r"missing aud\b",),
        lacks=("aud",),
        meaning="`aud` is missing.",
        causes=(
            causes.aud_wrong(
                "certain",
                why="Every authorization request needs `aud`.",
                steps=("Send `aud` with the value of `iss`.",),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/bad-audience",
        says='Bad audience value "X". Expected "Y".',
        where="authorize redirect",
        patterns=("bad audience value",),
        meaning="`aud` is not the FHIR base of this launcher; the message names the one it "
        "expects.",
        causes=(
            causes.aud_wrong(
                "certain",
                why="The whole address is compared, but for http or https; a slash at the end "
                "counts.",
                steps=("Set `iss` in smart.toml to the value that the message expects.", _AGAIN),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/pkce-required",
        says="Invalid code_challenge_method. Must be S256. / Missing code_challenge parameter",
        where="authorize redirect",
        patterns=(
            "invalid code_challenge_method",
            "missing code_challenge parameter",
            "unsupported code_challenge_method",
        ),
        lacks=("code_challenge", "code_challenge_method"),
        meaning="The launcher is set to require PKCE with S256, and the request has none.",
        causes=(
            causes.pkce_mismatch(
                "certain",
                why="`code_challenge` is missing, or its method is not `S256`.",
                steps=(
                    "Send `code_challenge` and `code_challenge_method=S256`, as this app does.",
                ),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/declined",
        says="error=invalid_request, error_description=Unauthorized",
        where="authorize redirect",
        patterns=(r"""error_description["']?\s?[=:]\s?["']?unauthorized\b""",),
        meaning="The user pressed the button that declines.",
        causes=(causes.user_declined("certain"),),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/invalid-redirect-uri",
        says="Invalid redirect_uri / Bad redirect_uri",
        where="error page",
        patterns=(r"(?:invalid|bad) redirect_uri\b(?! parameter)",),
        meaning="The redirect URI is not among those set in the launcher, or is no address.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                steps=(
                    (
                        "In the launcher's client registration options, set Allowed Redirect URIs "
                        "to `public_url` + `redirect_path` of smart.toml, or leave them empty."
                    ),
                    _AGAIN,
                ),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/invalid-client-id",
        says='Invalid client_id "X". Expected "Y".',
        where="authorize redirect",
        patterns=(r"""invalid client_id ["'][^"'\n]{0,200}["']\. expected""",),
        meaning="The client id is not the one set in the launcher.",
        causes=(
            causes.client_id_mismatch(
                "certain",
                title="The client id is not the one that was set in the launcher.",
                why="The launcher was given a client id, and the app sends another.",
                steps=(
                    (
                        "Set `client_id` in smart.toml to the one the message expects, or empty "
                        "the Client ID in the launcher's client registration options."
                    ),
                ),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/scope-not-granted",
        says="Scope … could not be granted. Your client is allowed to request …",
        where="authorize redirect",
        patterns=(r"could not be granted\. your client is allowed to request",),
        meaning="The launcher was given a list of scopes, and the request asks for more.",
        causes=(
            causes.scope_not_registered(
                "certain",
                why="The message names the scopes at fault and those that are allowed.",
                steps=(
                    (
                        "In the launcher's client registration options, add the scopes or empty "
                        "the list; or take them out of `scopes` in smart.toml."
                    ),
                ),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/missing-code",
        says="Missing 'code' parameter",
        where="token endpoint",
        patterns=("missing 'code' parameter",),
        lacks=("code",),
        meaning="The token request has no `code`.",
        causes=(
            causes.request_malformed(
                "certain",
                why="The code did not get from the callback into the token request, or the body is "
                "not form-encoded.",
                steps=("Send `code` form-encoded in the body.", _AGAIN),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/code-expired",
        says="Invalid token (supplied as code parameter in the POST body). jwt expired",
        where="token endpoint",
        patterns=(r"supplied as code parameter in the post body",),
        meaning="The code is too old, or was changed on the way. The launcher's codes live five "
        "minutes.",
        causes=(
            causes.code_expired_or_used(
                "certain",
                why="The code was exchanged more than five minutes after it was given, or is not "
                "one of this launcher.",
                steps=(_AGAIN,),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/token-redirect-uri",
        says="Invalid redirect_uri parameter",
        where="token endpoint",
        patterns=("invalid redirect_uri parameter",),
        meaning="The redirect URI of the token request is not that of the authorization request.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                why="Both requests must name the same redirect URI.",
                steps=("Send the same `redirect_uri` in both requests.", _AGAIN),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/pkce-verifier",
        says="Invalid grant or Invalid PKCE Verifier / Missing code_verifier parameter",
        where="token endpoint",
        patterns=("invalid pkce verifier", "missing code_verifier parameter"),
        meaning="The code verifier is missing or does not fit the code challenge.",
        causes=(causes.pkce_mismatch("certain"),),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/refresh-token",
        says="Invalid refresh token",
        where="token endpoint",
        patterns=(r"\b(?:invalid|expired) refresh token\b",),
        meaning="The refresh token is not valid any more.",
        causes=(
            causes.session_ended(
                "likely",
                f"{sources.LAUNCHER}; that it was time: inferred",
                title="The refresh token has run out, or is not one of this launcher.",
                why="The launcher keeps nothing: a refresh token holds its own end, and one of "
                "another launch option or address does not fit.",
                steps=(_AGAIN,),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/client-auth",
        says="Basic authentication is required for confidential clients",
        where="token endpoint",
        patterns=(
            "is required for confidential clients",
            "invalid client_(?:id|secret) in the basic auth header",
        ),
        meaning="The launcher is set to a confidential client with a secret.",
        causes=(
            causes.client_auth_wrong(
                "certain",
                why="The app sends no secret, or another one than is set in the launcher.",
                steps=(
                    'Set `client_auth = "client_secret_basic"` and `client_secret` in smart.toml.',
                    (
                        "If the secret or the client ID has a character such as `+`, `/` or `=`, "
                        'set `basic_credentials = "raw"`: the launcher compares the Basic header '
                        "without decoding it."
                    ),
                    "Or choose Public Client in the launcher.",
                ),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/client-assertion",
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
        meaning="The signed client assertion was not accepted; the message names what is wrong.",
        causes=(
            causes.client_auth_wrong(
                "certain",
                why="A claim of the assertion is wrong, or its key is not in the key set of the "
                "client: `kid` and `alg` must both be in it.",
                steps=(
                    (
                        "Set the launcher's JWKS URL to `https://HOST/launch/jwks.json`, reachable "
                        "from outside."
                    ),
                    "See that `key_id` in smart.toml is a `kid` of that key set.",
                ),
            ),
        ),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/simulated",
        says="Simulated invalid … error",
        where="authorize redirect",
        patterns=(
            r"simulated invalid (?:client_id|redirect_uri) parameter",
            _SIMULATED_SCOPE,
            (
                r"\bsimulat(?:ed|es?|ing) (?:an? )?errors?\b|\b(?:auth|token|request)_(?:invalid"
                r"|expired)_\w"
            ),
            # The FHIR server's words.
            r"\(simulated error\)",
        ),
        meaning=_SIMULATES,
        causes=(_ON_PURPOSE,),
        source=sources.LAUNCHER,
    ),
    Entry(
        key="smart-launcher/simulated-token",
        says="Simulated invalid token error / client secret error / 'jti' value",
        where="token endpoint",
        patterns=(
            r"simulated invalid (?:token|client|client secret) error",
            r"simulated expired [a-z ]{0,20}token error",
            r"simulated invalid 'jti' value",
            # In JSON it comes from the token endpoint.
            rf'error_description"\s?:\s?"{_SIMULATED_SCOPE}',
        ),
        meaning=_SIMULATES,
        causes=(_ON_PURPOSE,),
        source=sources.LAUNCHER,
    ),
)
