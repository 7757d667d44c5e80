"""Find evidence about the rest of the request: parameters, URLs, authentication.

RFC 6749 3.1 (unknown parameters are ignored), 3.1.2.3 (redirect URIs are compared as strings) and
3.2.1 (client authentication).
"""

import re
from collections.abc import Iterator, Mapping

from shared.explain import parameters
from shared.explain.catalogue.causes import BASIC_FORM
from shared.explain.catalogue.sources import RFC_6749, RFC_7523, SMART
from shared.explain.parsing.claims import Sign
from shared.explain.parsing.find import Proof
from shared.explain.ranking import server_text
from shared.explain.ranking.facts import Evidence, Facts, named
from shared.patterns import any_case


def evidence(facts: Facts) -> Iterator[Evidence]:
    """Yield the evidence of this kind."""
    yield from _addresses(facts)
    yield from _code(facts)
    yield from _authentication(facts)
    yield from _assertion(facts)
    yield from _parameters(facts)


def _addresses(facts: Facts) -> Iterator[Evidence]:
    """Compare sent and configured URLs. If only one is known, name it."""
    sent, configured = facts.sent.redirect_uri, facts.registered.redirect_uri
    if facts.at_request and facts.may_be("redirect_uri_mismatch"):
        if sent and configured and sent != configured:
            why = f"The request has {sent}, but the configuration has {configured}."
            yield Evidence("redirect_uri_mismatch", "certain", why, RFC_6749)
        elif facts.redirect_uri and "redirect_uri_mismatch" in facts.family:
            why = f"The app sends {facts.redirect_uri}. Register exactly that URI."
            if not configured and facts.from_text:
                why = f"The request has {facts.redirect_uri}. Compare it with the registration."
            yield Evidence("redirect_uri_mismatch", None, why, RFC_6749)
    aud = facts.sent.aud
    near = [base for base in facts.registered.iss if aud and base == aud.rstrip("/") != aud]
    if near and facts.at_request and facts.may_be("aud_wrong"):
        why = f"`aud` is {aud}, with a trailing slash. The FHIR base has no trailing slash."
        yield Evidence("aud_wrong", "possible", why, SMART)


def _code(facts: Facts) -> Iterator[Evidence]:
    """Yield the cause of `invalid_grant` for this app's own requests, which rule out the others."""
    error = facts.message.oauth_error
    if not facts.from_text and error == "invalid_grant" and facts.message.urn is None:
        why = "The redirect URI, client ID and verifier were the same as at the launch."
        yield Evidence("code_expired_or_used", "likely", why, RFC_6749)
    other = re.search(
        r"grant_type\W{1,6}(password|client_credentials|urn:[\w:.-]{9,80})", facts.pasted
    )
    if other is not None and error == "unsupported_grant_type":
        why = f"The request has the grant type `{other[1]}`."
        yield Evidence("grant_not_enabled", "likely", why, RFC_6749)
    if facts.backend and error == "unauthorized_client" and facts.granted is None:
        why = "A backend service sent the request, but its client isn't allowed this grant type."
        yield Evidence("grant_not_enabled", "likely", why, RFC_6749)


def _authentication(facts: Facts) -> Iterator[Evidence]:
    """Yield the first step for the client's authentication method."""
    proven = facts.proof is Proof.CODE and facts.entries[0].causes[0].certainty == "certain"
    if "client_auth_wrong" not in facts.family or (facts.from_text and proven):
        return
    auth, signs = facts.sent.client_auth or facts.registered.client_auth, facts.claims.signs
    kind = next((sign for sign in _BY_CLIENT if sign in signs), None)
    # Such a text says what each kind of client sends, not which kind this one is.
    of_each = "public" in signs and "confidential" in facts.pasted.lower()
    if auth is not None:
        how = "as a public client, without a secret" if auth == "none" else f"with {auth}"
        why = f"This app is configured to authenticate {how} (`client_auth`)."
        steps = (BASIC_FORM,) if auth == "client_secret_basic" and facts.from_text else ()
        yield Evidence("client_auth_wrong", None, why, RFC_6749, steps)
    elif "assertion" in signs and _NOT_SENT.search(facts.message.description or ""):
        why = "The server expects a signed assertion, but got none."
        yield Evidence("client_auth_wrong", None, why, RFC_7523, (_SEND_ASSERTION,))
    elif _SECRET_ASKED_FOR.search(facts.pasted):
        why = "The server asks for the client's secret."
        yield Evidence("client_auth_wrong", None, why, RFC_6749, (_CONFIDENTIAL_OR_PUBLIC,))
    elif any(one.id == "client_auth_wrong" for one in server_text.evidence(facts)):
        return  # It says more than the kind of client.
    elif kind is not None and not of_each:
        both = kind == "public" and "secret" in signs and facts.by_code
        step = _BY_CLIENT[kind]
        yield Evidence("client_auth_wrong", "likely" if both else None, "", RFC_6749, (step,))


_BY_CLIENT: Mapping[Sign, str] = {
    "public": "Check that the registration is public (a single-page or native app), and send "
    "`client_id` in the body, without a secret or an Authorization header.",
    "assertion": "Compare the assertion's `kid`, `aud`, `iss`, `sub`, `exp` and `jti` with the "
    "registration. The key that it names must be the registered one.",
    "secret": (
        "Copy the client secret again from the registration of this client ID. Compare how the "
        "app sends it (in the Basic header or in the body) with the registration."
    ),
}
_SECRET_ASKED_FOR = any_case(
    r"requires? (?:an? )?client[ _]secret|client_?secret\W{1,3}(?:is )?(?:missing|required)"
    r"|no client[ _]secret",
)
_CONFIDENTIAL_OR_PUBLIC = (
    "Send the client secret with the token request, or register the app as public, with PKCE (at "
    "Microsoft, under the platform Single-page application or Mobile)."
)
_SEND_ASSERTION = (
    "Send a signed assertion (`client_assertion` and `client_assertion_type`), or change the "
    "client's authentication in the registration. Register an app that runs in the browser as "
    "public: it can't keep a key."
)
_NOT_SENT = any_case(r"(?:assertion|secret)\w*\W{1,3}(?:is )?(?:missing|required)")


def _assertion(facts: Facts) -> Iterator[Evidence]:
    """Yield causes for a client that signs assertions: its key or a claim is wrong."""
    signs, message = facts.claims.signs, facts.message
    refused = message.oauth_error == "invalid_client" and message.urn is None and facts.by_code
    signed = "assertion" in signs or "keyed" in signs
    if not (facts.from_text and refused and signed) or "other_environment" in signs:
        return
    why = "The client signs an assertion, but the server doesn't accept it."
    possible = facts.may_be("client_auth_wrong", "assertion_key_unknown")
    if not possible or _NOT_SENT.search(message.description or ""):
        return
    if _AGAIN.search(facts.pasted):
        step = "Sign a new assertion with a new `jti` for every token request."
        yield Evidence("assertion_claims_wrong", "likely", why, RFC_7523, (step,))
    else:
        yield Evidence("assertion_key_unknown", "likely", why, RFC_7523)
        yield Evidence("assertion_claims_wrong", "possible", why, RFC_7523)


_AGAIN = any_case(
    r"\breuse|\bjti\b[^\n]{0,40}\b(?:used|seen)|\bcache the (?:signed )?(?:jwt|assertion)",
)
# An empty `launch` or `aud` has its own cause.
_EMPTY = re.compile(r"[?&](client_id|redirect_uri|response_type|scope)=(?=&|\s|\Z)")


def _parameters(facts: Facts) -> Iterator[Evidence]:
    if not (facts.at_request and facts.from_text):
        return
    empty = _EMPTY.search(facts.pasted)
    if empty is not None and facts.proof is not Proof.CODE:
        why = f"`{empty[1]}` is empty in the request."
        step = f"Send `{empty[1]}`: set the variable or setting that it comes from."
        yield Evidence("request_malformed", "likely", why, RFC_6749, (step,))
    foreign = [one for one in facts.sent.parameters or () if not parameters.is_recognised(one)]
    if foreign:
        are = "isn't an authorization parameter"
        are = are if len(foreign) == 1 else "aren't authorization parameters"
        why = f"{named(foreign)} {are}. The EHR ignores parameters that it doesn't recognize."
        yield Evidence("parameter_not_recognised", "possible", why, RFC_6749)
