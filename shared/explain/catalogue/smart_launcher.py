"""SMART Health IT's launcher, the simulator that most apps use first: its exact messages."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
$launch-the-app Launch the app again from the launcher's page. |backend Request a new token.
$send-the-same Send the same `redirect_uri` in both requests.
* redirect {LAUNCHER}
smart-launcher/invalid-launch-options alone
  " Invalid launch options: SyntaxError: …
  ~ invalid launch options
  = The launcher couldn't read its own settings. The launcher keeps its settings in the `launch`
    value or in the `/sim/…` part of the URL, but found neither.
  launch_parameter_missing likely @ {LAUNCHER}; {PEERBITS}; {YOURPHR}
    ? The authorization endpoint was called without `launch`, at a URL without `/sim/…`.
    > $launch-the-app
    > For a standalone launch, copy the FHIR base with `/sim/…` from the launcher's page into `iss`
      in smart.toml.
  launch_value_invalid possible
    ? The `launch` value was cut off or changed in transit.
smart-launcher/missing-redirect-uri page lacks=redirect_uri
  " Missing redirect_uri parameter
  ~ missing '?redirect_uri'? parameter
  = `redirect_uri` is missing from the authorization request or from the token request.
  request_malformed certain
    ? The launcher requires `redirect_uri` in both requests.
    > $send-the-same
smart-launcher/missing-aud lacks=aud
  " Missing aud parameter
  ~ missing aud\b
  = `aud` is missing.
  aud_wrong certain
    ? Every authorization request requires `aud`.
    > Send `aud` with the value of `iss`.
smart-launcher/bad-audience alone
  " Bad audience value "X". Expected "Y".
  ~ bad audience value
  = `aud` isn't this launcher's FHIR base. The message names the expected one.
  aud_wrong certain
    ? The launcher compares the whole URL, but treats http and https as the same. A trailing slash
      matters.
    > Set `iss` in smart.toml to the value that the message expects.
    > $launch-the-app
smart-launcher/pkce-required lacks=code_challenge,code_challenge_method
  " Invalid code_challenge_method. Must be S256. / Missing code_challenge parameter
  ~ invalid code_challenge_method
  ~ missing code_challenge parameter
  ~ unsupported code_challenge_method
  = The launcher is set to require PKCE with S256, but the request doesn't use it.
  pkce_mismatch certain
    ? `code_challenge` is missing, or its method isn't `S256`.
    > Send `code_challenge` and `code_challenge_method=S256`, as this app does.
smart-launcher/declined
  " error=invalid_request, error_description=Unauthorized
  ~ error_description["']?\s?[=:]\s?["']?unauthorized(?=["'&\n]|$)
  = The user clicked the button to decline.
  user_declined certain
smart-launcher/invalid-redirect-uri page
  " Invalid redirect_uri / Bad redirect_uri
  ~ (?:invalid|bad) redirect_uri\b(?! parameter)
  = The redirect URI isn't one of those set in the launcher, or it isn't a URL.
  redirect_uri_mismatch certain
    > In the launcher's client registration options, set Allowed Redirect URIs to `public_url` +
      `redirect_path` from smart.toml, or leave it empty.
    > $launch-the-app
smart-launcher/invalid-client-id
  " Invalid client_id "X". Expected "Y".
  ~ invalid client_id ["'][^"'\n]{0,200}["']\. expected
  = The client ID isn't the one set in the launcher.
  client_id_mismatch certain: The client ID isn't the one set in the launcher.
    > Set `client_id` in smart.toml to the one that the message expects, or clear the Client ID in
      the launcher's client registration options.
smart-launcher/scope-not-granted alone
  " Scope … could not be granted. Your client is allowed to request …
  ~ could not be granted\. your client is allowed to request
  = A list of scopes is set in the launcher, and the request has scopes that aren't in it.
  scope_not_registered certain
    > In the launcher's client registration options, add the scopes or clear the list.
      Alternatively, remove the scopes from `scopes` in smart.toml.
smart-launcher/missing-code token lacks=code
  " Missing 'code' parameter
  ~ missing 'code' parameter
  = The token request has no `code`.
  request_malformed certain
    ? The code wasn't passed from the callback to the token request, or the body isn't form-encoded.
    > Send `code` form-encoded in the body.
smart-launcher/code-expired token alone
  " Invalid token (supplied as code parameter in the POST body). jwt expired
  ~ supplied as code parameter in the post body
  = The code is too old, or was changed in transit. The launcher's codes are valid for five minutes.
  code_expired_or_used certain
    ? The code was exchanged more than five minutes after it was issued, or isn't from this
      launcher.
    > $launch-the-app
smart-launcher/token-redirect-uri token
  " Invalid redirect_uri parameter
  ~ invalid redirect_uri parameter
  = The redirect URI in the token request isn't the same as the one in the authorization request.
  redirect_uri_mismatch certain
    ? Both requests must name the same redirect URI.
    > $send-the-same $launch-the-app
smart-launcher/pkce-verifier token alone
  " Invalid grant or Invalid PKCE Verifier / Missing code_verifier parameter
  ~ invalid pkce verifier
  ~ missing code_verifier parameter
  = The code verifier is missing or doesn't match the code challenge.
  pkce_mismatch certain
smart-launcher/refresh-token token
  " Invalid refresh token
  ~ \b(?:invalid|expired) refresh token\b
  = The refresh token is no longer valid.
  session_ended likely: The refresh token has expired, or isn't from this launcher.
    @ {LAUNCHER}; that it has expired is inferred
    ? The launcher stores nothing. A refresh token contains its own expiry, and a token issued for
      other launch options or another URL doesn't match.
    > $launch-the-app
smart-launcher/client-auth token alone
  " Basic authentication is required for confidential clients
  ~ is required for confidential clients
  ~ invalid client_(?:id|secret) in the basic auth header
  = The launcher is set to expect a confidential client with a secret.
  client_auth_wrong certain
    ? The app sends no secret, or a different secret than the one set in the launcher.
    > Set `client_auth = "client_secret_basic"` and `client_secret` in smart.toml.
    > If the secret or the client ID has a character such as `+`, `/` or `=`, set `basic_credentials
      = "raw"`: the launcher compares the Basic header without decoding it.
    > Alternatively, choose Public Client in the launcher.
smart-launcher/client-assertion token
  " Invalid token 'aud' value / None of the keys found in the JWKS have kid equal to …
  ~ (?:missing|invalid) token '(?:iss|sub|aud|exp|jti|typ|kid|alg)'
  ~ none of the keys found in the jwks|no usable (?:public )?keys? found
  ~ multiple usable public keys found in the jwks|failed to fetch jwks from
  ~ jwks (?:is not an object|does not have a .keys. property)|invalid jwks json
  = The signed client assertion wasn't accepted. The message names the problem.
  client_auth_wrong certain
    ? A claim in the assertion is wrong, or its key isn't in the client's key set. The key in the
      set must have the assertion's `kid` and `alg`.
    > Set the launcher's JWKS URL to `https://HOST/launch/jwks.json`. The launcher must be able to
      reach that URL.
    > Make sure `key_id` in smart.toml is a `kid` in that key set.
smart-launcher/simulated alone
  " Simulated invalid token error / client secret error / 'jti' value
  ~ simulated (?:invalid|expired) [a-z'_ ]{1,30}(?:error|parameter|value)|\(simulated error\)
  = The launcher was set to simulate this error.
  ehr_side certain: The launcher simulates this error.
    ? The launcher's options include a simulated error. Nothing is wrong with the app.
    > On the launcher's page, set Simulated Error to None and launch again. |backend On the
      launcher's page, set Simulated Error to None.
smart-launcher/simulated-option
  " auth_invalid_scope, token_invalid_token … among the launcher's options
  ~ \bsimulat(?:ed|es?|ing) (?:an? )?errors?\b|\bauth_invalid_(?:client_id|redirect_uri|scope)\b
  ~ \b(?:token_invalid_(?:token|scope|jti)|request_(?:invalid|expired)_token)\b
  ~ \btoken_expired_(?:registration|refresh)_token\b
  %
smart-launcher/iframe launch @ {LAUNCHER_34}; {CLIENT_JS}/115
  " fails with Simulate launch within the EHR user interface
  ~ launch within the ehr user interface
  = The launcher shows the app in an iframe, where the app is a third party.
  cookies_blocked likely
    > Turn off the launcher's frame, or allow partitioned cookies in the browser.
"""
)
