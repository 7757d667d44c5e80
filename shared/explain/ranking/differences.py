"""Find the differences that a text itself shows: two values that should be one, or a limit passed.

RFC 6749 3.1.2.3 and 4.1.3 (redirect URIs are compared as strings), RFC 7523 3 (claims of an
assertion), SMART App Launch 2.2 (`aud` is `iss`, an assertion lives for five minutes).
"""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations, islice
from urllib.parse import urlsplit

from shared.explain.catalogue.causes import BEHIND_A_PROXY
from shared.explain.model import CauseId, Certainty
from shared.explain.parsing.find import Proof
from shared.explain.parsing.named import MASK
from shared.explain.parsing.shown_scopes import SCOPE
from shared.explain.ranking.facts import Evidence, Facts, named
from shared.explain.ranking.scope_causes import versions
from shared.patterns import any_case

_TEXT = "the values in the text"
_URL = r"[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>`,;)\]}|…]{3,300}"
_REDIRECT = r"redirect|callback|reply|\bcb\b|/cb\b|return ur[il]|sign-?in-oidc"
_SENT = any_case(
    r"redirect_?ur[il][\"']?\s{0,3}[:=]\s{0,3}[\"']?$|\b(?:sen[dt]s?|code (?:has|uses)|request\w*"
    r"|app (?:uses|calls)|we use|actual|received|got|passes|in (?:my|our) (?:build|code"
    r"|config))\b[^\n]{0,40}$"
)
_REGISTERED = any_case(
    r"\b(?:registered|registration|portal|console|dashboard|configured|allowed|whitelist\w*"
    r"|white-listed|settings|listed|list|valid redirect|sign-in redirect|expect\w*|app page"
    r"|entered|typed|have)\b[^\n]{0,60}$"
)
_FIVE_MINUTES, _LONGEST, _MOST_URIS = 300, 60_000, 100


def evidence(facts: Facts) -> Iterator[Evidence]:
    """Yield the causes that a difference proves, if the error doesn't speak against them."""
    if not facts.from_text:
        return
    text = facts.pasted[:_LONGEST]
    yield from _redirects(facts, text)
    yield from _audience(facts, text)
    yield from _expected(facts, text)
    yield from _keys(facts, text)
    yield from _claims(facts, text)
    yield from _pkce(facts, text)
    yield from _issued_to(facts, text)
    yield from _fhir_versions(facts, text)
    yield from _versions(facts)
    yield from _at_sight(facts, text)
    yield from _other_patient(facts, text)
    yield from _unset(facts, text)
    yield from _incomplete(facts, text)


def _proven(facts: Facts, cause: CauseId, *, mentioned: bool = True) -> Certainty:
    """Return how sure a difference is: certain if the error is about it or leaves it open."""
    return "certain" if mentioned and (cause in facts.family or facts.by_code) else "likely"


# What `with_comparison` of shared/explain/parsing/credentials.py found.
_PKCE: Mapping[str, tuple[str, str]] = {
    "base64": (
        "The verifier or the challenge in the text is plain base64, with `+`, `/` or `=`.",
        "Encode both as base64url: `-` for `+`, `_` for `/`, and no `=` at the end.",
    ),
    "plain": (
        "The challenge in the text is the verifier itself.",
        "Send the SHA-256 of the verifier as `code_challenge`, with `code_challenge_method=S256`.",
    ),
    "mismatch": (
        "The challenge in the text isn't the SHA-256 of the verifier.",
        "Exchange the code with the verifier of the same launch, and hash its ASCII characters.",
    ),
}


def _pkce(facts: Facts, text: str) -> Iterator[Evidence]:
    found = re.search(r'\{"pkce": "(\w+)"\}\s*\Z', text)
    if found is not None and found[1] in _PKCE and (facts.may_be("pkce_mismatch") or facts.by_code):
        why, step = _PKCE[found[1]]
        # Some servers accept the other two.
        sure = _proven(facts, "pkce_mismatch", mentioned=found[1] == "mismatch")
        yield Evidence("pkce_mismatch", sure, why, _TEXT, (step,))


def _redirects(facts: Facts, text: str) -> Iterator[Evidence]:
    if not (facts.may_be("redirect_uri_mismatch") or facts.by_code):
        return
    about = "redirect_uri_mismatch" in facts.family
    at_page = facts.at_request and bool(facts.entries)
    found: dict[str, set[str]] = {}
    for match in any_case(_URL).finditer(text):
        before = text[max(0, match.start() - 90) : match.start()].rpartition("\n")[2]
        uri = match[0].rstrip(".:&")
        request = "?" in uri and re.search(r"[?&](?:client_id|response_type|error|iss)=", uri)
        if request or _NOT_REDIRECT.search(before):
            continue
        came_back = re.search(r"\?(?:code|state)=", uri)
        uri = uri[: came_back.start()] if came_back else uri
        labels = found.setdefault(uri, {"redirect"} if came_back else set())
        if re.search(_REDIRECT, f"{before}{uri}", re.IGNORECASE):
            labels.add("redirect")
        labels |= {name for name, form in _LABELS if form.search(before)}
    query = re.findall(rf"[?&\s]redirect_uri=({_URL})", text, re.IGNORECASE)
    sent = list(dict.fromkeys(one.partition("&")[0].rstrip(".") for one in query))
    if len(sent) > 1 and facts.message.oauth_error in {None, "invalid_grant", "invalid_request"}:
        yield _differ(facts, sent[0], sent[1], "the two requests in the text")
        return
    # Those that the text says most about are compared first.
    uris = sorted(found, key=lambda uri: -len(found[uri]))[:_MOST_URIS]
    for one, other in combinations(uris, 2):
        labels = found[one] | found[other]
        labeled = {"sent", "registered", "redirect"} <= labels and not (
            found[one] & found[other] & {"sent", "registered"}
        )
        near = _near(one, other) and ("redirect" in labels or about)
        if near or (labeled and (about or at_page)):
            yield _differ(facts, one, other, "the text")
            return


_NOT_REDIRECT = any_case(
    r"\b(?:root|base|home|web|admin) ?_?(?:ur[il]|origins?)?\W{0,8}$|\biss(?:uer)?\b(?!.*redirect)"
)
_LABELS = (("sent", _SENT), ("registered", _REGISTERED))


def _differ(facts: Facts, one: str, other: str, where: str) -> Evidence:
    how = _how(one, other)
    why = f"In {where}, `{one}` and `{other}` aren't the same: {how}."
    step = (
        f"Make the registered redirect URI and the one that the app sends the same, byte for byte: "
        f"they differ in {how}."
    )
    steps = (step, BEHIND_A_PROXY) if how == _SCHEME else (step,)
    certainty = _proven(facts, "redirect_uri_mismatch")
    return Evidence("redirect_uri_mismatch", certainty, why, _TEXT, steps)


def _near(one: str, other: str) -> bool:
    """Return whether two URLs are meant to be the same."""
    if one == other:
        return False
    mine, theirs = (re.sub(r":\d+(?=/|\Z)", "", uri.lower().rstrip("/")) for uri in (one, other))
    mine, theirs = (re.sub(r"\A[a-z]+://(?:www\.)?", "", uri) for uri in (mine, theirs))
    if mine == theirs:
        return True
    return len(mine) > _SHORT and abs(len(mine) - len(theirs)) <= 1 and _apart(mine, theirs)


_SHORT = 12


def _apart(one: str, other: str) -> bool:
    """Return whether at most one letter of a host or path is different, missing or added."""
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True
    rests = (one[start + 1 :], other[start:]), (one[start:], other[start + 1 :])
    same = one[start + 1 :] == other[start + 1 :] or any(a == b for a, b in rests)
    digits = one[start : start + 1].isdigit() and other[start : start + 1].isdigit()
    return same and not digits


def _how(one: str, other: str) -> str:
    if one.rstrip("/") == other.rstrip("/"):
        return "the slash at the end"
    if one.lower() == other.lower():
        return "upper and lower case"
    parts = zip(_NAMES, *(_PARTS.findall(uri)[0] for uri in (one, other)), strict=True)
    return " and ".join(name for name, mine, theirs in parts if mine != theirs)


_SCHEME = "`http` and `https`"
_NAMES = (_SCHEME, "the host", "the port", "the path")
_PARTS = re.compile(r"\A(.*?)://([^/?:]*)(:\d+)?(.*?)/?\Z")


def _audience(facts: Facts, text: str) -> Iterator[Evidence]:
    """Compare `aud` of the request with `iss` of the launch."""
    audiences = [
        one.partition("&")[0] for one in re.findall(rf"[?&\s]aud=({_URL})", text, re.IGNORECASE)
    ]
    issuers = re.findall(
        rf"(?:/launch\S*?[?&]|[\s(]`?)iss\b`? ?[=:] ?`?({_URL})", text, re.IGNORECASE
    )
    about = facts.at_request or "aud_wrong" in facts.family
    for aud in audiences if about and facts.proof is not Proof.CODE else ():
        other = aud.rstrip("/") if aud.endswith("/") else f"{aud}/"
        if re.search(rf"(?<!aud=){re.escape(other)}(?![\w/])", text):
            why = f"The text has both `{aud}`, as `aud`, and `{other}`."
            step = f"Send `aud` exactly as the FHIR base is written: `{other}`, not `{aud}`."
            yield Evidence("aud_wrong", _proven(facts, "aud_wrong"), why, _TEXT, (step,))
    if audiences and not urlsplit(audiences[0]).path.strip("/") and facts.may_be("aud_wrong"):
        why = f"`aud` is `{audiences[0]}`, which is a host without the path of a FHIR base."
        step = "Send the whole FHIR base as `aud`, as the server's metadata has it."
        yield Evidence("aud_wrong", "likely", why, _TEXT, (step,))
    if not audiences or not issuers or not (facts.may_be("aud_wrong") or facts.by_code):
        return
    aud, iss = (one[0].partition("&")[0].rstrip(".") for one in (audiences, issuers))
    if aud != iss:
        why = f"`aud` is `{aud}`, but the launch's `iss` is `{iss}`."
        step = f"Send `aud` exactly as the launch's `iss`: `{iss}`."
        yield Evidence("aud_wrong", _proven(facts, "aud_wrong"), why, _TEXT, (step,))


_COMPARED: tuple[CauseId, ...] = (
    *("token_of_another_server", "tenant_mismatch", "aud_wrong", "redirect_uri_mismatch"),
)
_BOTH = any_case(
    rf"\b(expect\w*|iss(?:uer)?)\b[^\n/]{{0,25}}?\W({_URL})[^\n]{{0,60}}?\b(?:got|was|is|has|had"
    rf"|says|contains|received|actual|found|current|match|expect\w*|configured)\b[^\n/]{{0,90}}?\W"
    rf"({_URL})"
)


def _expected(facts: Facts, text: str) -> Iterator[Evidence]:
    """Compare the URL that a message expects with the one that it names as received."""
    match = _BOTH.search(text)
    cause = next((one for one in _COMPARED if one in facts.family), None)
    if match is None or cause is None:
        return
    one, other = match[2].rstrip(".:"), match[3].rstrip(".:")
    if one != other and (match[1].lower().startswith("expect") or _near(one, other)):
        how = _how(one, other)
        why = f"`{one}` and `{other}` are compared as text: they differ in {how}."
        step = f"Write the same value on both sides: `{one}` and `{other}` differ in {how}."
        if how == _SCHEME:
            step = f"{step} {BEHIND_A_PROXY}"
        yield Evidence(cause, _proven(facts, cause), why, _TEXT, (step,))


_WITH_KID = re.compile(r"\{[^{}]{0,1500}\"kid\"\s?:\s?\"([^\"\s]{1,100})\"[^{}]{0,1500}\}")


def _keys(facts: Facts, text: str) -> Iterator[Evidence]:
    """Compare the `kid` of an assertion's header with those of a key set."""
    objects = [*_WITH_KID.finditer(text)]
    offered = [one[1] for one in objects if "kty" in one[0]]
    kid = next((one[1] for one in objects if "kty" not in one[0]), MASK)
    if not offered or MASK in kid or kid in offered:
        return
    of_ehr = "signing_key_unknown" in facts.family
    cause: CauseId = "signing_key_unknown" if of_ehr else "assertion_key_unknown"
    why = f"The header names the `kid` {kid}, but the key set has {named(offered)}."
    step = f"Publish the key {kid} in the key set, or sign with one that is in it."
    yield Evidence(cause, _proven(facts, cause), why, _TEXT, (step,))


_FHIR_BASE_AS_AUD = any_case(
    r"\baud\b[\"'`]?\s?(?:[:=]|is|was|set to)\s?[\"'`]?(https?://[^\s\"'`,]{4,200}/(?:r4b?|stu3"
    r"|dstu2))/?(?=[\s\"'`,.)]|$)"
)
_AUD_OF_AN_ASSERTION = "Set `aud` of the assertion to the token endpoint's URL."
_AT_MOST = "Set `exp` of the assertion at most five minutes ahead."
_AHEAD = re.compile(
    r"\bexp(?:ir\w+)?\b[^\n.;]{0,25}?\b(\d{1,3}) ?-?(?:min(?:ute)?s?|(h)(?:ou)?rs?)\b"
)
_CLAIM = r"[\"']?\b{}[\"']?\s?:\s?(?:[\"']([^\s\"',}}]{{1,300}})[\"']|(\d{{9,12}}))"
_REFUSED: tuple[CauseId, ...] = ("client_auth_wrong", "assertion_key_unknown", "clock_skew")


def _claims(facts: Facts, text: str) -> Iterator[Evidence]:
    """Look at the claims of a client's assertion."""
    asserted = "assertion" in facts.claims.signs or facts.backend
    asserted |= (
        bool(re.search(r"\"(?:jti|sub)\"|\bJWT\b", text))
        and facts.message.oauth_error == "invalid_client"
    )
    if facts.entries and facts.entries[0].where == "FHIR answer":
        return  # These are the claims of an access token.
    if not asserted or not (facts.may_be("assertion_claims_wrong", *_REFUSED) or facts.by_code):
        return
    claims = {
        name: match[1] or match[2]
        for name in ("iss", "sub", "aud", "exp", "iat", "alg", "jti")
        if (match := re.search(_CLAIM.format(name), text))
    }
    if "://" in claims.get("iss", "") and "assertion" not in facts.claims.signs:
        return  # A server issued this token.
    for told, step in islice(_wrong(claims, text), 1):
        certainty = _proven(
            facts, "assertion_claims_wrong", mentioned=" is in the text" not in told
        )
        yield Evidence("assertion_claims_wrong", certainty, told, _TEXT, (step,))


_VERSIONS = {"1.0.2": "dstu2", "3.0.1": "stu3", "3.0.2": "stu3", "4.0.1": "r4", "5.0.0": "r5"}
_VERSION = r"\b(dstu ?2|stu ?3|r4|r5|1\.0\.2|3\.0\.[12]|4\.0\.1|5\.0\.0)\b"
_OF_CLIENT = rf"\b(?:client|library|sdk|built|model\w*)\b[^\n.]{{0,30}}?{_VERSION}"
_OF_CLIENT += rf"|{_VERSION} (?:client|app|library|sdk)\b"
_OF_SERVER = rf"\b(?:server|fhirversion|capabilitystatement|conformance)\b[^\n]{{0,50}}?{_VERSION}"


def _fhir_versions(facts: Facts, text: str) -> Iterator[Evidence]:
    """Compare the FHIR versions that the text gives to the client and to the server."""
    sides = [any_case(form).search(text) for form in (_OF_CLIENT, _OF_SERVER)]
    if facts.message.oauth_error or facts.entries:
        return
    stated = [str(side[side.lastindex or 0]).lower().replace(" ", "") for side in sides if side]
    one, *others = dict.fromkeys(_VERSIONS.get(version, version) for version in stated) or [""]
    for other in others:
        why = f"The client is for {one.upper()}, and the server for {other.upper()}."
        yield Evidence("fhir_version_mismatch", "likely", why, _TEXT)


def _issued_to(facts: Facts, text: str) -> Iterator[Evidence]:
    """Compare the client that requested a token with the one that the shown token names."""
    asked = re.search(r"\bclient_id=([\w.-]{3,100})", text)
    named_in = re.search(r"\"(?:client_id|azp|appid)\"\s?:\s?\"([\w.-]{3,100})\"", text)
    if asked is None or named_in is None or asked[1] == named_in[1]:
        return
    if _SENT_AS_BEARER.search(text) and facts.may_be("token_of_another_server"):
        why = f"The token names the client `{named_in[1]}`, but `{asked[1]}` requested a token."
        step = "Send the `access_token` of this token response, not an earlier or another one."
        yield Evidence("token_of_another_server", "likely", why, _TEXT, (step,))


_SENT_AS_BEARER = any_case(r"\bauthorization\b|\bbearer\b|\baccess[_ ]token\b")


def _wrong(claims: Mapping[str, str], text: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an assertion, and what to do."""
    ahead = _AHEAD.search(text)
    if ahead is not None and int(ahead[1]) * (60 if ahead[2] else 1) > _FIVE_MINUTES // 60:
        told = f"`exp` is {ahead[1]} {'hours' if ahead[2] else 'minutes'} ahead. At most five"
        yield f"{told} minutes are allowed.", _AT_MOST
    if claims.get("exp", "").isdigit() and claims.get("iat", "").isdigit():
        lifetime = int(claims["exp"]) - int(claims["iat"])
        if lifetime > _FIVE_MINUTES:
            told = f"`exp` is {lifetime} seconds after `iat`. At most 300 are allowed."
            yield told, _AT_MOST
        elif lifetime <= 0:
            yield "`exp` isn't after `iat`.", "Set `exp` of the assertion after `iat`."
    yield from _identities(claims, text)
    alg = re.search(r"\bHS(?:256|384|512)\b", claims.get("alg") or text)
    if alg is not None and re.search(r"sign|\balg\b", text):
        told = (
            f"{alg[0]}{'' if 'alg' in claims else ' is in the text. It'} isn't a signature with a "
        )
        yield f"{told}private key.", _SIGNED
    base = _FHIR_BASE_AS_AUD.search(text)
    if base is not None:
        yield f"The assertion's `aud` is {base[1]}, a FHIR base.", _AUD_OF_AN_ASSERTION
    kind = re.search(r"client-assertion-type:(?!jwt-bearer|saml2)[\w-]{1,40}", text)
    if kind is not None:
        told = f"`client_assertion_type` ends in `{kind[0]}`."
        yield told, f"Send `client_assertion_type={_TYPE}`."
    posted = re.findall(rf"(?:POST|--request POST|url\W{{1,5}}|curl)[^\n]{{0,60}}?({_URL})", text)
    tokens = [one for one in posted if re.search(r"token", one)]
    aud = claims.get("aud", "")
    if (tokens and "://" in aud and aud not in tokens) or (not tokens and _BASE.search(aud)):
        where = f"but the assertion was sent to `{tokens[0]}`" if tokens else "a FHIR base"
        told = f"`aud` is `{aud}`, {where}."
        yield told, "Set `aud` of the assertion to the URL of the token endpoint."


def _identities(claims: Mapping[str, str], text: str) -> Iterator[tuple[str, str]]:
    """Compare the client that an assertion names with itself and with the client ID."""
    if "sub" in claims and "iss" in claims and claims["iss"] != claims["sub"]:
        told = "`iss` and `sub` differ, and both must be the client ID."
        yield told, "Set both `iss` and `sub` of the assertion to the client ID."
    client = _CLIENT_ID.search(text)
    if client is not None and client[1] != claims.get("iss", client[1]):
        told = f"The assertion's `iss` is `{claims['iss']}`, but the client ID is `{client[1]}`."
        yield told, f"Set both `iss` and `sub` of the assertion to the client ID: `{client[1]}`."


_CLIENT_ID = any_case(
    r"\bclient[_ ]?id[\"'`]?\s?(?:[:=]|is)\s?[\"'`]?(?=[a-z._-]{0,60}[\d_-])([\w.-]{3,100}\w)"
)
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SIGNED = "Sign the assertion with RS384 or ES384."
_BASE = any_case(r"://[^\s]*/(?:fhir|r4)\b(?!.*token)")


def _versions(facts: Facts) -> Iterator[Evidence]:
    """Compare the SMART versions of the requested and the granted scopes, or of one that works and
    one that doesn't.
    """
    pairs: dict[str, set[str]] = {}
    compared = _WORKS.search(facts.pasted) or "scope_syntax" in facts.family
    for scope in (compared and re.findall(SCOPE, facts.pasted)) or ():
        pairs.setdefault(scope.rpartition(".")[0], set()).update(versions([scope]))
    if any(len(both) > 1 for both in pairs.values()) and facts.may_be("scope_syntax"):
        why = "The text has the same scope in both syntaxes, and the server takes only one of them."
        yield Evidence("scope_syntax", "likely", why, _TEXT)
    asked = versions(facts.scopes)
    granted = versions(facts.granted or ())
    if len(asked) == len(granted) == 1 and asked != granted:
        mine, theirs = asked.pop(), granted.pop()
        why = f"The scopes were requested in the syntax of SMART {mine} and granted in {theirs}."
        yield Evidence("scope_version_mismatch", "likely", why, _TEXT)


# Microsoft Graph, whose tokens no FHIR server takes.
_GRAPH = any_case(r"\baud\W{1,5}(?:https://graph\.microsoft|00000003-)|\bscp\W{1,5}User\.Read\b")
# A doubled scheme, an empty variable, a template without its value.
_BROKEN = any_case(
    r"https?://https?[:/][^\s\"')]{0,60}|https?://[^\s/\"']{1,90}(?:/[\w.-]{1,40}){0,9}//[A-Z]"
    r"\w{3,30}|(?:\b(?:undefined|null)|\[object object\])/(?:\.well-known|metadata|auth\w*|token"
    r"|oauth2)\b[^\s\"')]{0,40}|%7b\w{1,30}%7d/(?:\.well-known|metadata)"
)


def _other_patient(facts: Facts, text: str) -> Iterator[Evidence]:
    levels = {one.partition("/")[0] for one in re.findall(SCOPE, text) if "/" in one}
    patients = set(
        re.findall(r"\bPatient/([\w.-]{1,64})(?<!\.)(?![\w/*]|\.(?:read|[cruds]+\b))", text)
    )
    if facts.message.status in {403, 404} and levels == {"patient"} and len(patients) > 1:
        why = "`patient/` scopes cover only the patient of the launch, and the text names two."
        step = "To read other patients, request `user/` scopes, or launch from the other chart."
        yield Evidence("scope_not_requested", "likely", why, _TEXT, (step,))


# A parameter that got no value from the program, and the cause.
_EMPTY: Mapping[str, CauseId] = {
    "client_id": "client_unknown",
    "redirect_uri": "redirect_uri_mismatch",
    "aud": "aud_wrong",
    "launch": "launch_parameter_missing",
    "iss": "launch_parameter_missing",
    "code_verifier": "pkce_mismatch",
    "code_challenge": "pkce_mismatch",
}
_UNSET = any_case(
    rf"[?&\s\"']({'|'.join(_EMPTY)})=((?:undefined|null|none|nan|\[object object\]|%7b%7b\w+%7d%7d"
    r"|\{\{\w+\}\})(?=[&\s\"']|$)|/[^&\s\"']{0,80})"
)


def _unset(facts: Facts, text: str) -> Iterator[Evidence]:
    # Who hides one value of a request in braces hides others too.
    hides = len(set(re.findall(r"\{\{\w+\}\}", text))) > 1
    for name, value in _UNSET.findall(text):
        relative = value.startswith("/")
        if (hides and value.startswith("{{")) or (relative and name != "redirect_uri"):
            continue
        why = f"The request has `{name}={value}`, "
        why += "which lacks the scheme and the host." if relative else "which isn't a value."
        step = f"Set the variable or setting that `{name}` is built from"
        step += ", such as the app's public URL." if relative else "."
        yield Evidence(
            _EMPTY[name.lower()], _proven(facts, _EMPTY[name.lower()]), why, _TEXT, (step,)
        )


def _at_sight(facts: Facts, text: str) -> Iterator[Evidence]:
    """Yield what's wrong with a single token or URL."""
    if _GRAPH.search(text) and (facts.message.status == 401 or not facts.matches):
        why = "The token in the text is one for Microsoft Graph (`aud`), not for this FHIR server."
        yield Evidence("token_of_another_server", "likely", why, _TEXT)
    broken = _BROKEN.search(text)
    if broken is not None:
        why = f"The text has the URL `{broken[0]}`, which repeats a part or lacks a value."
        step = f"Correct the setting or variable that the URL is built from: `{broken[0]}`."
        yield Evidence("fhir_base_wrong", "likely", why, _TEXT, (step,))
    if re.search(r"#(?:state=[^&\s]{1,400}&)?code=", text) and facts.may_be("request_malformed"):
        why = "The code came back in the URL's fragment (`#`), which a server never sees."
        step = "Request `response_mode=query`, or read the fragment in the page's own script."
        yield Evidence("request_malformed", "likely", why, _TEXT, (step,))


_WORKS = any_case(r"\b(?:works?|worked|accept\w*|is ok|is fine|superset)\b")
# The parameters of a complete request, and the cause if only that one is missing.
_NEEDED: tuple[tuple[str, CauseId], ...] = (
    ("aud", "aud_wrong"),
    ("code_challenge", "pkce_mismatch"),
    ("redirect_uri", "request_malformed"),
    ("scope", "request_malformed"),
)


def _incomplete(facts: Facts, text: str) -> Iterator[Evidence]:
    """Yield the one parameter that a shown request lacks, if its error may be about that."""
    error = facts.message.oauth_error
    if facts.sent.whole and error == "invalid_request" and facts.by_code and facts.at_request:
        lacking = [pair for pair in _NEEDED if pair[0] not in (facts.sent.parameters or ())]
        if len(lacking) == 1:
            ((name, cause),) = lacking
            why = f"The request in the text has no `{name}`."
            step = f"Send `{name}` in the authorization request."
            if name == "code_challenge":
                step = "Send `code_challenge` with `code_challenge_method=S256` (PKCE)."
            yield Evidence(cause, "likely", why, _TEXT, (step,))
    exchanged = re.search(r"grant_type\b(?!\W{1,6}(?:refresh|client|password|urn))", text)
    if exchanged and "code_challenge" in text and "verifier" not in text and facts.by_code:
        why = "The authorization request has a `code_challenge`, but the token request no verifier."
        step = "Send the `code_verifier` of the same launch in the token request."
        yield Evidence("pkce_mismatch", "likely", why, _TEXT, (step,))
