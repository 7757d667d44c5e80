"""Hear who says what in a text: each sentence that looks like an error, its speaker and its step.

RFC 6749 4.1.2.1 and 5.2, RFC 6750 3 and FHIR's OperationOutcome say how servers report errors.
Browsers, network libraries and proxies have their own forms. What is left is the writer's.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Literal

from shared.explain.catalogue.lines import pairs
from shared.frozen import dataclass
from shared.patterns import any_case

Speaker = Literal["server", "unknown", "library", "proxy", "network", "browser", "writer"]
Step = Literal["authorize", "token", "refresh", "FHIR", "discovery"]
_MOST, _LONGEST, _LONGEST_LINE = 160, 420, 4_000

_STATIC = (
    r"/[\w.-]{1,80}\.(?:js|mjs|css|map|ico|png|svg|jpe?g|gif|woff2?|ttf"
    r"|webmanifest)\b(?![^\n]{0,80}\.example[^\n]{0,20}/(?:token|authorize))"
)
# A line about a static file, a quiet log line, a frame of a stack trace.
_NOISE = any_case(
    rf"{_STATIC}[^\n]{{0,80}}\b(?:[1-5][0-9]{{2}}|err_failed)\b|{_STATIC}'? from origin"
    r"|^[\d:., TZ+-]{8,32}\s?(?:INFO|DEBUG|TRACE)\b(?![^\n]{0,200}\b(?:error|fail\w*|40[0-9]"
    r"|5\d\d)\b)|^\s{0,12}at [\w.$<>/]{3,200}\(|^\s{0,8}File \"|^\s{0,8}--- End of inner"
    r"|please read before|<b>notice</b>:|\bphp (?:notice|deprecated):|not include any sensitive"
    r"|\bsource map\b|\[violation\]|download the react devtools"
)
# A statement of a program, whose texts no one has said yet.
_SOURCE = any_case(
    r"\bthrow new \w|\bconsole\.\w+\(|\bconsole\.write|\blogger?\.\w+\(|\{[a-z]\w{2,30}\}[\"'`]"
)
_ERROR = any_case(
    r"cancel|declin|elapsed|ignor|lack|admin approval|too early|error|fail|invalid|denied"
    r"|unauthori[sz]|forbidden|\bnot\b|n't\b|cannot|missing|required?|\bmust\b|expir|mismatch"
    r"|unable|refused?|reject|block|exception|unknown|unsupported|unrecogni|unexpected"
    r"|time(?:d )?-?out|undefined|\bnull\b|\bno\b|\b[45]\d\d\b|aadsts|already|reus|incorrect|wrong"
    r"|malformed|violat|insufficient|disabled|duplicat|multiple|repeat|locked|inactive|bad |oops"
    r"|mixed content|\bcors\b|\be[a-z]{3,12}\b:|exceed|suppressed|doesn|before|another|too (?:far"
    r"|long|many|large|old)|future|revoked|stale|hang up|not_|conflict"
)
# What a person says counts only if it reports a failure. "Users don't have to sign in" doesn't.
_FAILURE = any_case(
    r"\b[45]\d\d\b|error|fail|refus|denied|reject|block(?:s|ed)|cannot|can't|unable|invalid|missing"
    r"|unknown|expired|wrong|lacks|\bno\b|null|undefined|without|empty|requir|timed? ?out|lost"
    r"|duplicat|repeat|more than once|differ|mismatch|incorrect|must|reus|already|(?:\bnot"
    r"|n't) (?:work|valid|found|match|accept|allow|support|recogni|get|find|see|have\b(?! to)|send"
    r"|sent|provide)"
)
# The fields in which servers put their words: OAuth's, FHIR's, and other JSON.
_FIELD = any_case(
    r"(?<![a-z0-9_])(?P<name>error_?(?:description|debug|hint)|diagnostics|display|error_message"
    r"|errormessage|errorsummary|errorcode|message|msg|details?|title|text|hint|reason"
    r"|fault(?:string)?|internal_code|cause|error(?!_uri))[\"'\\]{0,3}(?:\s{0,3}[:=]|\s{1,3}value=)"
    r"\s{0,3}(?:\\?(?P<q>[\"'])(?P<quoted>(?:[^\"\\\n]|\\[^\n]){2,2000}?)\\?(?P=q)(?=[\s,;}\])>/]"
    r"|$)|(?P<bare>[^\s\"'{\[<>,;&][^\"'\n&<>{}]{2,500}))"
)
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
# A quotation doesn't start or end with a space. The text between two quotations does.
_QUOTED = re.compile(
    r"[\"“”`«»](?! )([^\"“”`«»\n]{6,300})(?<! )[\"“”`«»]"
    r"|(?<![\w'])'((?:[^'\n]|(?<=\w)'(?=\w)){12,300})'(?!\w)"
)
_REPORTED = any_case(
    r"\b(?:says?|said|saying|reads|prints?(?: in \w+)?|throws?|answers?|returns?|shows?|displays?"
    r"|message|error|page|raises|reports?|complains?|with|gets?|heading)\b\s?(?:only|just|is"
    r"|me)?(?::|\s[-\u2013\u2014])\s{1,3}(\S[^\n]{5,300})|\b(?:invalid|unauthorized|unsupported"
    r"|access|insufficient)_[a-z]{3,20}(?::| [-\u2013\u2014(]) ?(\S[^\n]{5,300})"
)
_FORMS: tuple[tuple[Speaker, str], ...] = pairs(r"""
browser cors policy|cross-origin request blocked|net::err_|\berr_[a-z]+_|refused to (?:display\
  |frame|connect|load|execute)|content[ -]security[ -]policy|mixed content\
  |failed to (?:load resource|fetch)|networkerror when|domexception|securityerror|cors header\
  |samesite|x-frame-options|access-control-allow|load denied|xmlhttprequest|third-party cookie
network \be(?:conn\w+|timedout|notfound|ai_again|hostunreach|pipe|proto)\b|getaddrinfo|curl: ?\(\
  |urllib3|sslerror|sslhandshake|unknownhost|sockettimeout|connectexception|connecttimeout\
  |readtimeout|certificate|pkix|socket hang up|dial tcp|x509|no such host|name or service\
  |connection (?:refused|reset|timed|was|aborted)|remote end closed|ssl_|tls handshake\
  |operation timed out|actively refused|resolve host|could not be resolved|self[- ]signed
proxy bad gateway|gateway time-?out|service (?:temporarily )?unavailable|incapsula|cloudflare\
  |cf-ray|healthy upstream|upstream connect|requested url was rejected|reference ?#\
  |request blocked|web application firewall|\bwaf\b|no route matched
library \b[a-z][\w.$]*(?:exception|error)\b\s?:|\bfhir:\w+|springframework|\bno state found\
  |\buncaught\b|\btypeerror\b|traceback|nullpointer|\(re\)launch
""")
_WRITER = any_case(
    r"\b(?:i|i'm|i've|we|we're|we've|our|my|me|us|you|your|any(?:one|body)|some(?:one|body)|they"
    r"|he|she|their|his|her|colleague|customer|vendor|docs?|thanks|hello|hi|please|question)\b"
    r"|\bwhen (?:the|i|we|it)\b|\?\s*$|^\W*(?:\d\. )?(?:but|if|without|under|when|unless|for|each"
    r"|every|return|requests)\b|=>|\bconst\b"
)
_STEPS: tuple[tuple[Step, str], ...] = pairs(r"""
authorize [?&]error=\w|\berror=\w+&|redirect\w* ur[il]\b[^\n]{0,50}\bparameters\b
refresh grant_type\W{1,8}refresh_token|\brefresh(?:ing|ed|es)?\b(?! ?the page)
discovery \.well-known|smart[- ]config|openid-configuration|/metadata\b|capability ?statement
token /(?:oauth2?/|v\d\.\d/|connect/)?tokens?\b\
  |token[ -](?:endpoint|request|response|exchange|call|url)|(?<!of )(?<!from )grant_type\
  |client_assertion|\bjwks ur[il]|exchang\w+ (?:the )?code|\binvalid_(?:grant|client)\b\
  |error validating client
authorize (?<!/)/auth(?:ori[sz]e)?\b(?!/realms)|auth\w* (?:endpoint|request|call|url|page|step)\
  |\b(?:login|sign-?in|consent) (?:page|screen|form)|response_type|code=\S|/callback\b\
  |\bcallback\b(?!:)
FHIR (?-i:\b(?:GET|POST|PUT|PATCH|DELETE)\b(?:[^\n]{0,200}/| )(?:[A-Z][A-Za-z]{2,30}|\$))|/fhir\b\
  |/r4\b|operationoutcome|www-authenticate|insufficient[ _-]scope|\bfhir (?:server|request|call\
  |api|service|resource)|\bbundle\b|\bfhir[\w-]{0,40}\.(?!oauth2)[a-z]|(?-i:\b(?:Patient|Observation\
  |Encounter|Condition)) (?:search|read|request)|(?-i:(?<!system)(?<!patient)(?<!user)/(?:Patient\
  |Observation|Encounter|Condition)\b)|\bhapi-\d{4}|\$(?:export|everything)|/baser4
token client_credentials
""")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a text.

    Fields:
        words: the sentence.
        speaker: who says it, by its form. `unknown` is a machine that can't be identified.
        step: the launch step that the words around it name, or None.
        at: its position in the text.
        field: whether it's in a field that the protocol defines for errors.
    """

    words: str
    speaker: Speaker
    step: Step | None
    at: int
    field: bool = False


def without_noise(text: str) -> str:
    """Return the text without the lines about static files, quiet log lines and stack frames."""
    lines = text.split("\n")
    # A text of 200,000 equal lines is searched once.
    noise = {line for line in set(lines) if _NOISE.search(line[:600])}
    return "\n".join(line for line in lines if line not in noise)


# What a text of a launch has in its lines.
_PROTOCOL = any_case(
    r"https?:|\bscopes?\b|token|redirect|client|launch|\bissu?e?r?\b|\baud\b|grant|oauth|smart"
    r"|fhir|login"
)


def focus(text: str, most: int) -> str:
    """Return a text, or of a long one its lines that look like errors or requests, up to `most`."""
    if len(text) <= most:
        return text
    lines = [
        line[:_LONGEST_LINE]
        for line in dict.fromkeys(without_noise(text).split("\n"))
        if _ERROR.search(line[:_LONGEST_LINE]) or _PROTOCOL.search(line[:_LONGEST_LINE])
    ]
    kept = "\n".join(dict.fromkeys(lines))
    return kept if len(kept) <= most else f"{kept[: most // 2]}\n{kept[-most // 2 :]}"


def flowing(text: str) -> str:
    """Return the text without the line breaks that a narrow window has put into its sentences."""
    lines: list[str] = []
    written = text.split("\n")
    narrow = _WRAPPED * min(max(map(len, written)), _WIDEST)
    for line in written:
        before = lines[-1] if lines else ""
        is_open = before.count('"') % 2 == 1 and line.count('"') % 2 == 1
        broken = len(before) > narrow and before[-1] not in ".!?;:{}>)|" and _GOES_ON.match(line)
        if before and len(before) < _LONGEST_LINE and (is_open or broken):
            lines[-1] = f"{before} {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(lines)


_WRAPPED, _WIDEST = 0.7, 100
_GOES_ON = re.compile(r"\s{0,2}(?!at )[a-z]+(?: |$)(?!=)")
# RFC 6749 4.1.2.1 and 5.2: the texts of servers that only repeat the meaning of the code.
_BOILERPLATE = any_case(
    r"resource owner or authorization server denied|includes a parameter more than once"
    r"|request an (?:authorization code|access token) using this method|obtaining an authorization "
    r"code using this|client authentication failed \(?e\.?g|provided authorization grant \(?e\.?g"
    r"|authenticated client is not authorized to use this authorization grant|unexpected condition "
    r"(?:that|which) prevented|temporary overloading or maintenance"
)


def hear(text: str) -> tuple[Said, ...]:
    """Return what is said in a text that is plain and decoded, the most explicit first."""
    text = flowing(text)
    found: dict[str, Said] = {}
    for one in chain(_in_fields(text), _in_lines(text)):
        if len(found) == _MOST:
            break
        if one.words not in found and not _BOILERPLATE.search(one.words):
            found[one.words] = one
    return tuple(sorted(found.values(), key=_is_title))


def _is_title(said: Said) -> bool:
    """Return whether this is a short first line, which shortens what the text below it says."""
    return said.at == 0 and not said.field and len(said.words.split()) <= _TITLE


_TITLE = 4


def _in_fields(text: str) -> Iterator[Said]:
    for number, match in enumerate(_FIELD.finditer(text)):
        if number > _MOST:
            return
        words = (match["quoted"] or match["bare"]).replace("+", " ").replace("\\", "").strip(" .")
        if match["quoted"] is None and not re.search("desc|debug|hint", match["name"]):
            continue
        if _CODE.fullmatch(words) or not _ERROR.search(words):
            continue
        at = match.start()
        speaker: Speaker = next(
            (who for who, form in _FORMS[:3] if any_case(form).search(words)), "server"
        )
        # Only FHIR's OperationOutcome has `diagnostics`.
        step = "FHIR" if match["name"].lower() == "diagnostics" else step_at(text, at)
        for sentence in _sentences(words):
            yield Said(sentence, speaker, step, at, field=True)


def _in_lines(text: str) -> Iterator[Said]:
    at = 0
    alone = len(text.split()) <= _ALONE and not text.rstrip().endswith("?")
    # In a text of another script, an English sentence is a program's.
    foreign = sum(not one.isascii() for one in text[:2000]) > len(text[:2000]) / 5
    for line in text.split("\n"):
        place, at = at, at + len(line) + 1
        short = line[:_LONGEST_LINE]
        if not _ERROR.search(short) or _NOISE.search(short[:600]) or _SOURCE.search(short):
            continue
        logged = _LOGGED.search(short) is not None
        spoken: list[tuple[str, Speaker]] = []
        if _speaker(short, alone=alone or logged) == "writer" and not _OF_DOCS.search(short):
            for quoted in filter(_ERROR.search, chain(*map(_sentences, _quotations(short)))):
                form = _speaker(quoted)
                spoken.append((quoted, "unknown" if form == "writer" else form))
        for sentence in filter(_ERROR.search, _sentences(short)):
            speaker = _speaker(sentence, alone=alone or logged or (foreign and sentence.isascii()))
            if speaker != "writer" or _FAILURE.search(sentence):
                spoken.append((sentence, speaker))
        step = step_at(text, place) if spoken else None
        yield from (Said(words, speaker, step, place) for words, speaker in spoken)


_OF_DOCS = any_case(r"\bdoc(?:s|umentation)\b[^\n]{0,40}\bsays?\b|\baccording to the doc")


def _quotations(sentence: str) -> Iterator[str]:
    for match in (*_QUOTED.finditer(sentence), *_REPORTED.finditer(sentence)):
        words = next(filter(None, match.groups()))
        if _ERROR.search(words) and "=>" not in words:
            yield words[:_LONGEST]


def _sentences(line: str) -> Iterator[str]:
    for part in re.split(r"(?<=[.!?;]) (?=[A-Z\"'(])|(?<=\w\w[.!?]) (?=[a-z])|\s{3,}| \| ", line):
        stripped = part.strip()
        if len(stripped) > 3:
            yield stripped[:_LONGEST]


def _speaker(sentence: str, *, alone: bool = True) -> Speaker:
    """Return who says a sentence. What doesn't look like a machine's is the writer's, unless it
    stands `alone`: a message that was pasted without anything else.
    """
    for who, form in _FORMS:
        if any_case(form).search(sentence):
            return who
    bare = re.sub(r"`[^`]*`|\w+://\S+", "", sentence)
    if _WRITER.search(bare):
        return "writer"
    if _LIBRARIES.search(sentence):
        return "library"
    if not (alone or _MACHINE.search(bare)):
        return "writer"
    return "unknown"


_LIBRARIES = any_case(
    r"fhir-?client|\bmsal|oidc-client|passport|omniauth|appauth|authlib|\bnimbus|next-?auth"
    r"|openidconnect"
)
_MACHINE = any_case(
    r"\b(?:error|exception|message|reason)\b\W{0,4}[:=]|^\W{0,3}(?:error|exception|warn\w*|fatal"
    r"|severe)\b|[\d\]] (?:error|warn|warning|fatal|severe)\b|\b(?:invalid|unauthorized|unsupported"
    r"|insufficient|access|jwks|token)_[a-z_]{3,40}\b|\b\w+_(?:error|invalid|denied|failed|expired"
    r"|required|mismatch|missing)\b|\bhttp/?[\d.]* \d{3}\b|^\W{0,3}[45]\d\d \w|^\W{0,3}(?:invalid"
    r"|unable|cannot|could not|unknown|missing|failed|unauthorized|access denied|unsupported"
    r"|unexpected|no \w+ (?:was )?found)\b|^\W{0,2}[\w.$]+(?:error|exception)\b"
    r"|(?-i:^\W{0,3}(?:[a-z]\w*\.){2,}[A-Z]\w+)"
)
# A line of a log: a time and a level, or a product's numbered message, which is a program's.
_LOGGED = re.compile(
    r"\d\d:\d\d:\d\d\S{0,12}\s[^\n]{0,60}?\b(?:ERROR|WARN(?:ING)?|FATAL|SEVERE|E)\b"
    r"|\b[A-Z]{3,9}-?\d{3,7}[EW]?:\s"
)
_ALONE = 24


def step_at(text: str, at: int) -> Step | None:
    """Return the launch step at a position in a text. Its line decides, then the lines before it,
    then the lines after it.
    """
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    line = text[max(start, at - 700) : min(end, at + 700)]
    for around in (line, text[max(0, start - 500) : start], text[end : end + 300]):
        for step, words in _STEPS:
            if any_case(words).search(around):
                return step
    return None
