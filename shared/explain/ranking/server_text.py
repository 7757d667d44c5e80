"""Turn details in the server's own message into a step: a URL, a claim, a scope, a key id.

A message that states what the server expects is more useful than general advice (RFC 6749 5.2,
RFC 6750 3).
"""

from collections.abc import Iterator, Mapping
from typing import cast

from shared.explain.catalogue import causes
from shared.explain.catalogue.lines import blocks, flows
from shared.explain.model import CauseId
from shared.explain.parsing.named import MASK
from shared.explain.parsing.shown_scopes import SCOPE
from shared.explain.ranking.facts import Evidence, Facts
from shared.patterns import any_case

_OWN_WORDS = "the message itself"
# For each cause: a pattern that finds a detail in a message, and the step that uses it. After `=`,
# the pattern also makes the cause likely, for an error that can have it or the second one.
_TABLE = r"""
cors_blocked
  ~ '\*' when the request's credentials mode|credential is not supported if the cors
  > $WITHOUT_CREDENTIALS
  ~ (?:header field |header ['\u2018])([a-z][\w-]{2,60})['\u2019]? is not allowed
  > Don't send the header {0}, or have the server allow it (Allow-Headers).
  ~ multiple values|multiple cors header
  > Send Access-Control-Allow-Origin once: the server and a proxy each add it.
  ~ preflight[^\n]{0,90}(?:http ok|redirect)|redirect is not allowed for a pre|(?:preflight|\
    (?-i:OPTIONS)\b)(?:[^\n.]|\.\S){0,99}?\b40[1345]\b|\b40[1345]\b[^\n.]{0,60}\bpreflight
  > Have the server answer OPTIONS with 200 or 204, without a token or a redirect, and allow the
    request's headers, such as Authorization (Allow-Headers).
  ~ (https?://[^/'\s]{1,200})/realms/[^\s']{1,80}/protocol/
  > In Keycloak at {0}, add the page's origin to the client's Web origins.
  ~ (?:\b(?:at|from) '|resource at )(https?://[^/'\s]{1,200})
  > On the server {0}, allow the page's origin (CORS). If it isn't yours, call it from a backend.
content_blocked
  ~ mixed content|served over https
  > Let every URL be https. Behind a proxy that ends TLS, have the server read `X-Forwarded-Proto`.
aud_wrong
  ~ expected:? (?=[\"'`]?[^\s]{0,200}[:/])VALUE[.,;)]*(?:\s|$)
  > Send `aud` as the message expects it: {0}
  ~ resource principal named VALUE was
  > Register {0} as the FHIR server's audience (application ID URI), or send the registered one.
user_credentials_wrong
  ~ \b(msal|azure ad|entra|active directory|adfs|ldaps?|okta|ping ?federate)\b
  > The password is checked by {0}: make sure that the account exists there and can sign in.
patient_context_missing
  ~ \bencounter\b[^\n]{0,80}\b(?:null|missing|not available|not contain|no context)|\
    not contain[^\n]{0,30}encounter
  > Launch the app from an encounter, not only a patient, with `launch` (or `launch/encounter`).
scope_not_registered
  ~ client.credentials[\s\S]{0,300}\b(?:offline_access|openid|refresh token)\b
  > Send a `scope` with only the API's scopes: without a user, no `openid` and no `offline_access`.
  ~ permission for 'resource' is not granted
  > Request and register a scope for every type, such as `system/*.read` for an export.
  ~ permission for '([A-Za-z]{2,40})' is not granted
  > Request and register a scope for {0} too, such as `patient/{0}.read` or `.rs`.
  ~ invalid scopes?:? (SCOPE(?:[ ,+]+SCOPE){0,60})
  > In the authorization server, create and allow these scopes for this client: {0}
token_of_another_server
  = \btoken[ _]use\b[^\n]{0,40}\bid\b|\bid[ _]?token\b[^\n.;]{0,50}\b(?:instead of\
    |as (?:the |an? )?(?:access|bearer))|\baccess[ _]token\b[^\n.;]{0,20}\b(?:got|was|but)\b\
    [^\n.;]{0,12}\bid[ _]?token
  > Send `access_token` from the token response. The ID token is only for the app itself.
  ~ \biss(?:uer)?\b[^\n]{0,60}://(?:localhost|127\.|keycloak|host\.docker)|\bissuer\W{1,4}expected
  > Give the authorization server one host name for all: the browser, the app and the FHIR server
    (in Keycloak, `KC_HOSTNAME`). The token's `iss` is the name that the app called it by.
  ~ audience '?(https?://[^\s']{3,200})'? (?:is|was) (?:invalid|not)
  > The token is for {0}. Request one for the FHIR server: its URL as `aud`, `audience`, `resource`
    or, in Entra, as `scope=URL/.default`.
  ~ azurehealthcareapis\.com
  > Request the token for the FHIR service's own URL, as `resource` or as `scope=URL/.default`.
network_unreachable
  = (?:localhost|127\.0\.0\.1|\[::1\])[^\n]{0,200}(?:refused|reset|cannot assign)|(?:refused|\
    requested address)[^\n]{0,30}(?:localhost|127\.0)
  > In a container, `localhost` is the container itself. Use a name that the browser reaches too.
discovery_missing
  ~ -configuration\b[^\n]{0,200}\b(?:30[1278]|redirect\w*)\b
  > Serve the document at that URL itself, with status 200: many clients follow no redirect here.
  ~ (?:/realms/|/oauth2?/|//(?:auth|login|sso|idp?)\b)[^\s]{0,80}/smart-configuration
  > Open `FHIR_BASE/.well-known/smart-configuration`: the FHIR server publishes it, and this URL is
    the authorization server's, which has `openid-configuration`.
fhir_base_wrong
  ~ (?:host=?\W{0,2}|enotfound |resolve host: ?|unknownhostexception: ?|lookup )\
    '?([a-z0-9.-]{3,200}\.[a-z]{2,24})
  > The host {0} wasn't found. Replace it with the host of the current FHIR base.
tls_untrusted
  ~ \b(?:ca|certificates?|certs?)\b[^\n.]{0,40}\b(?:is trusted|imported|already trusted|added to)|\
    \bimported the cert
  > If the CA is trusted already, it's another runtime's trust store, or the server doesn't send its
    intermediate certificate: see `openssl s_client -showcerts -connect HOST:443`.
  ~ host='([a-z0-9.-]{3,200})'
  > Trust the certificate of {0}: give the program its CA (`ca_file` in smart.toml).
client_auth_wrong
  ~ missing[^\n]{0,40}client_assertion
  > If the app has a user, exchange the `code` with `grant_type=authorization_code`: the server
    takes `client_credentials` for a backend service, which signs an assertion.
  = secret\b[^\n=]{0,30}\b(?:has|have|contain\w*|include\w*|with|ends?)\b[^\n]{0,25}?(?:special\
    [ ]char|[\s"'`(][+/=%&]{1,2}[\s"'`),.])
  > $BASIC_FORM
  = \bbasic\b[^\n]{0,60}\b(?:user(?:name)?|login)\b[^\n]{0,20}\bpassword|\buser(?:name)?\b\
    [^\n.]{0,20}\bpassword\b[^\n.]{0,60}\b(?:basic|authorization header)
  > Send the client's ID and secret in the Basic header, not a user's name and password.
  = \b(?:works?|unless|succeeds?|only (?:if|when))\b[^\n.]{0,60}(?:secret|credentials)\b\
    [^\n.]{0,60}\b(?:body|header)\b|(?:basic\b| -u )[\s\S]{0,300}POSTED|POSTED\
    [\s\S]{0,300}(?:basic\b| -u )
  > Send the secret only as registered: in the Basic header, or in the body (`client_secret_post`).
state_unknown
  ~ \bstate\b[^\n]{0,60}\bnull\b|got \(null\)|no state (?:returned|in)|state missing from the resp
  > Have the server and pages in between return `state`. Request `code` and not `code id_token`.
  ~ \bF5\b|\breload|\brefresh(?:es|ed|ing)? (?:the |this )?(?:page|browser|tab)\b
  > After the callback, remove `code` and `state` from the page's address: a reload resends them.
request_malformed of code_expired_or_used
  = [?&\s"'`]code["']?\s?[:=]\s?(?:["']{2}|&|null\b|undefined\b)|\bcode (?:is|was) (?:empty|null)\b
  > Pass `code` from the callback's query on to the token request, where it's empty.
  = \b(?:decod|unescap)[^\n]{0,60}\bcode\b|\bcode\b[^\n=]{0,80}(?:%2[bf]|%3d|decod|unescap)
  > Decode the callback's query once, and send the decoded `code` in the form, which encodes it.
request_malformed
  ~ \bpost\w*\b[^\n]{0,90}/auth(?:orize)?\b
  > Open the authorization endpoint in the user's browser: a program can't sign the user in.
assertion_key_unknown
  ~ \"kid\"\s?:\s?\"([^\"\s]{1,100})\"
  > Publish the key with the `kid` {0} in the registered key set, or sign with one that is in it.
signing_key_unknown
  ~ key id '?([^'\s]{2,100})'?
  > Fetch the key set (`jwks_uri`) again: the key {0} isn't in the cached one.
clock_skew
  ~ \b(iat|nbf|exp)\b[^\n]{0,30}(?:future|past|valid|expired)
  > Use NTP to set the clock of the machine that checks `{0}`: the server's or the workstation's.
assertion_claims_wrong
  ~ \b(aud|iss|sub|jti|exp|iat|alg)\b
  > Correct `{0}` in the assertion, as the message says.
  ~ \b(audience)\b
  > Set `aud` in the assertion to the token endpoint's URL.
pkce_mismatch
  ~ code_?challenge_?methods?_?supported|codechallengemethods
  > Have the server list `S256` in `code_challenge_methods_supported`: some libraries send PKCE only
    then. Until it does, force PKCE (in fhirclient, with `pkceMode: "unsafeV1"`).
  ~ unexpected code_?verifier|verifier (?:is |was )?not expected
  > Send `code_challenge` at the authorization, and turn PKCE on for the client at the server.
  ~ 43 char|verifier[^\n]{0,30}too short|not long enough
  > Make the `code_verifier` 43 to 128 characters long, such as 32 random bytes as base64url.
  ~ (?:verifier|challenge)\b[^\n:]{0,60}[\w-][+/][\w+/=-]{4}
  > Encode the verifier and the challenge as base64url: `-`, `_`, and no `=` at the end.
"""


def _rows() -> Iterator[tuple[tuple[CauseId, str], str, str, str]]:
    value = r"[\"'`]?([^\s\"'`<>]{2,200}?)[\"'`]?"
    posted = r"(?:client_secret_post|post data|-d client_|\bin(?:to)? (?:the )?(?:\w+ ){0,2}body)"
    table = _TABLE.replace("VALUE", value).replace("SCOPE", SCOPE).replace("POSTED", posted)
    for (_, head), *lines in blocks(table):
        cause, _, of = head.partition(" of ")
        key = cast("CauseId", cause), of or cause
        for (_, one), (_, step) in zip(lines[::2], lines[1::2], strict=True):
            yield key, one[0], one[2:], flows(step[2:], vars(causes))


_NAMED = tuple(_rows())


def evidence(facts: Facts) -> Iterator[Evidence]:
    """Yield a step with the message's details for each cause that the error can have."""
    if not facts.from_text:
        return
    yield from _failed_check(facts)
    found: set[tuple[str, str]] = set()
    for key, mark, pattern, step in _NAMED:
        if key[1] in facts.family and key not in found and (told := _told(facts, pattern, step)):
            found.add(key)
            yield Evidence(key[0], "likely" if mark == "=" else None, "", _OWN_WORDS, (told,))


# The thing that a function in a stack trace validates, and the cause if it throws.
_CHECKED: Mapping[str, CauseId] = {
    "redirecturi": "redirect_uri_mismatch",
    "redirecturl": "redirect_uri_mismatch",
    "codeverifier": "pkce_mismatch",
    "codechallenge": "pkce_mismatch",
    "scopes": "scope_not_registered",
    "audience": "token_of_another_server",
    "issuer": "token_of_another_server",
}
_FRAME = any_case(
    rf"\b(?:validate|verify|check)_?({'|'.join(_CHECKED)})\w{{0,12}}\(|\.(isallowed|isauthorized"
    r"|haspermission|hasrole|checkaccess)\b \("
)


def _failed_check(facts: Facts) -> Iterator[Evidence]:
    """Yield the cause that the innermost validating function of a stack trace names."""
    if "socketErrorListener" in facts.message.text:
        why = "The stack trace shows that the connection failed, before any response."
        yield Evidence("network_unreachable", "likely", why, "the stack trace in the text")
    frame = _FRAME.search(facts.message.text)
    if frame is not None and facts.message.status != 200:
        why = f"The stack trace shows that the check in `{frame[0]}…)` failed."
        cause = _CHECKED[frame[1].lower()] if frame[1] else "user_not_permitted"
        yield Evidence(cause, "likely", why, "the stack trace in the text")


def _told(facts: Facts, pattern: str, step: str) -> str | None:
    for text in (facts.message.description or "", facts.pasted):
        match = any_case(pattern).search(text)
        if match is not None and not any(MASK in (one or "") for one in match.groups()):
            return step.format(*(one.rstrip(".") for one in match.groups() if one))
    return None
