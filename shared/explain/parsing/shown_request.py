"""Find the details of a failed request in a text: its parameters, scopes and client id.

A developer pastes an authorization URL, lists parameters and scopes, or names the client id. The
results are only what the text claims. shared/explain/parsing/parse.py parses the error itself.
"""

import re

from shared import legacy_launch
from shared.explain import parameters
from shared.explain.model import AuthorizationRequest
from shared.explain.parsing.named import MASK, NO_VALUE
from shared.explain.parsing.parse import SIGN
from shared.explain.parsing.shown_scopes import SCOPE, runs, scopes_in
from shared.explain.parsing.texts import UUID
from shared.patterns import any_case

_URL = r"([a-z][a-z0-9+.-]{1,20}://[^\s&\"'<>`\\]{1,500})"
_REDIRECT = r"(?:redirect[_ -]?ur[il]s?|callback[_ -]?ur[il])"
# The most characters between two names of a list: a comma, quotes or "and", but not a sentence.
_LIST_GAP = 14
_WORD = r"(?<![\w/.])[A-Za-z_]{2,40}(?![\w/]|\.\w)"
# A request written as pairs of name and value, as in JSON, a table or a curl command. If other
# values have quotes, a value without them is a program's variable, whose value is unknown.
_PAIR = (
    rf"(?<![\w/.?&-])(?P<mark>[\"'`]?)(?P<name>{'|'.join((*parameters.SMART, 'nonce'))})(?P=mark)"
    r"\s{0,8}(?:=>|[:=|])\s{0,8}(?:\"(?P<double>[^\"\n]{0,4000})\"|'(?P<single>[^'\n]{0,4000})'|"
    rf"(?P<bare>[^\s,;&|\"'`]{{1,2000}})(?:[ +]{SCOPE}){{0,200}})"
)
_BETWEEN_PAIRS = (
    r"[\s,;|\"'`{}()\[\]*&>\\-]{0,24}(?:(?:-d|-F|--data(?:-urlencode)?)[\s\"'`$]{1,4})?"
)

_BACKEND = any_case(
    # In quotes, it may be in a discovery document's list.
    r"grant_type\W{1,6}client_credentials|(?<![\"'])\bclient_credentials\b(?![\"'])"
    r"|client credentials\W{1,3}(?:\w{2,20} )?(?:flow|grant)|\bof type system\b|\bsystem apps?\b"
)
_PROGRAM = any_case(
    r"\bservice (?:account|principal)\b|\bmanaged identity|\b(?:nightly|cron) job"
    r"|\bbulk (?:data|export)|\bmulti-patient\b|\bbackend services\b"
)
_OF_A_USER = any_case(r"redirect|authorization[_ ]code|/authorize|\blaunch|invalid_grant|browser")
_OWN_EHR_LAUNCH = re.compile(r"(?:\bKind of launch|\"flow\")[:\s\"]{1,6}EHR launch\b")
_OWN_CAUSES = re.compile(
    r"\b[Cc]auses\"?\s?[:=]\s?\[?\s?((?:[\"']?[a-z]{2,20}(?:_[a-z]{1,20}){1,6}[\"']?,?\s?){1,8})"
)
_AS_THE_CHART_SENT = re.compile(r"\blaunch [^\s,]{1,100}, as the chart sent it")


def in_text(text: str) -> AuthorizationRequest:
    """Return the request in a text that is plain, decoded and without secrets."""
    address = _request(text)
    scopes = scopes_in(text).requested
    shown = address or _pairs(text) or _of_this_app(text)
    carried = tuple(name for name, value in shown.items() if value)
    names = tuple(name for name, value in shown.items() if value != "") or _listed(text)
    if not names and re.search(r"(?<![\w-])intent\s?=", text):
        # Other single parameters may come from an error_uri or a token response.
        names = ("intent",)
    return AuthorizationRequest(
        flow="ehr" if "launch" in carried else "backend" if _is_backend(text, scopes) else None,
        client_id=_client_id(text),
        redirect_uri=_value(text, _REDIRECT, _URL)
        or _value(text, rf"{_REDIRECT}(?:\s\(?(?:is|registered|configured|used)\)?){{0,2}}", _URL)
        or _value(text, rf"{_REDIRECT}\s(?:is|was)\s", r"[\"'`]?" + _URL, sign=""),
        aud=_value(text, "aud(?:ience)?", _URL) or _launching(text),
        scopes=scopes or None,
        parameters=names or None,
        carried=carried,
        whole={"response_type", "client_id"} <= set(address),
    )


def _launching(text: str) -> str | None:
    """Return the FHIR base that a text calls `iss`.

    An `iss` next to a `code` or an `error` is the authorization server's own name (RFC 9207).
    """
    address = re.sub(r"\S+", _without_a_response, text)
    return _value(address, "iss", _URL) or _value(address, "iss", rf"\s{_URL}", sign="")


def _without_a_response(word: re.Match[str]) -> str:
    """Return a word without its query if that has a `code` or an `error`."""
    query = re.search(r"[?&]", word[0])
    if query and re.search(r"\b(?:code|error)=", word[0][query.end() :]):
        return word[0][: query.start()]
    return word[0]


def _is_backend(text: str, scopes: tuple[str, ...]) -> bool:
    """Return whether the request is a backend service's (SMART App Launch 2.2, 8.1)."""
    of_systems = [scope for scope in scopes if scope.startswith("system/")]
    program = _PROGRAM.search(text) and not _OF_A_USER.search(text)
    return bool(_BACKEND.search(text) or program or (scopes and len(of_systems) == len(scopes)))


def legacy_launch_in(text: str) -> tuple[str, ...]:
    """Return the parameters of a non-SMART launch in the text."""
    return tuple(
        name
        for name in legacy_launch.UNMISTAKABLE
        if re.search(rf"[?&]{name}=", text, re.IGNORECASE)
    )


def _request(text: str) -> dict[str, str | None]:
    """Return the parameters of an authorization request in the text, if any, with their values."""
    # A placeholder counts as a value. A URL may be broken at its `&`.
    text = re.sub(r"=<[^<>\n&=]{1,60}>", f"={MASK}", text)
    text = re.sub(
        r"\s{0,3}\n\s{0,20}&(?=[a-z_]{2,40}=)|&\s{0,3}\n\s{0,20}(?=[a-z_]{2,40}=)", "&", text
    )
    at = text.find("response_type=")
    if at < 0:
        # Its first or last part may be cut off.
        cut = re.search(r"/authori[sz]e\w{0,10}\?(?=[^\s\"'<>`]{0,4000}\bscope=)", text)
        at = cut.end() if cut is not None else -1
    if at < 0:
        return {}
    start = max(text.rfind(sign, 0, at) for sign in "?\n\"'<`") + 1
    line = re.split(r"[\n\"'<>`#]", text[start : start + 8000], maxsplit=1)[0]
    pairs = [pair.partition("=") for pair in line.split("&")]
    parameters: dict[str, str | None] = {
        name.strip(): value.strip()
        for name, sign, value in pairs
        if sign and re.fullmatch(r"[A-Za-z_]{1,40}", name.strip())
    }
    # A single parameter is only a word of the text, or part of a curl command.
    return parameters if len(parameters) > 1 else {}


def _of_this_app(text: str) -> dict[str, str | None]:
    """Return the request that this app's error page or log, or the simulator's trace, describes."""
    if _OWN_EHR_LAUNCH.search(text):
        return dict.fromkeys(parameters.SMART, MASK)
    return {"launch": MASK} if _AS_THE_CHART_SENT.search(text) else {}


def causes_named_in(text: str) -> tuple[str, ...]:
    """Return the cause ids in this app's error page or log line, in the same order."""
    match = _OWN_CAUSES.search(text)
    return tuple(re.findall(r"[a-z_]+", match[1])) if match is not None else ()


def _pairs(text: str) -> dict[str, str | None]:
    """Return the parameters of a request written as pairs, with None for an unknown value."""
    requests = [_values(run) for run in runs(_PAIR, _BETWEEN_PAIRS, text)]
    return max(
        (one for one in requests if len(one) > 2 and {"response_type", "scope"} & set(one)),
        key=len,
        default={},
    )


def _values(run: list[re.Match[str]]) -> dict[str, str | None]:
    variables = any(match["mark"] or match[0][-1] in "\"'" for match in run)
    return {match["name"]: _shown_value(match, variables=variables) for match in run}


def _shown_value(match: re.Match[str], *, variables: bool) -> str | None:
    quoted = match["double"] if match["double"] is not None else match["single"]
    if quoted is not None:
        return quoted.strip()
    if match["bare"].lower() in NO_VALUE:
        return ""
    return None if variables else match["bare"]


def _listed(text: str) -> tuple[str, ...]:
    """Return the names in a list that has at least two authorization parameters."""
    for match in re.finditer(r"\bparameters?\b", text, re.IGNORECASE):
        names: list[str] = []
        end = match.end()
        for word in re.finditer(_WORD, text[match.end() : match.end() + 400]):
            if word[0] in parameters.SMART or word[0] in parameters.FOREIGN:
                if names and match.end() + word.start() - end > _LIST_GAP:
                    break
                names.append(word[0])
                end = match.end() + word.end()
        if len({name for name in names if name in parameters.SMART}) > 1:
            return tuple(dict.fromkeys(names))
    return ()


def _client_id(text: str) -> str | None:
    return _value(text, r"client[_ -]?id", r"([A-Za-z0-9][A-Za-z0-9._~-]{3,127})") or _value(
        text, r"client[_ -]?id\b(?:[^\n]{0,60}?|[^A-Za-z0-9]{0,12})", rf"({UUID})", sign=""
    )


def _value(text: str, name: str, value: str, sign: str = SIGN) -> str | None:
    match = re.search(rf"(?<![A-Za-z0-9_-])(?:{name}){sign}{value}", text, re.IGNORECASE)
    if match is None or MASK in match[1]:
        return None
    return match[1].rstrip(".,;)")
