"""What a person claims, denies and has tried: read out of prose, worth less than a server's words.

"It works in the sandbox", "the redirect URI is registered", "after ten minutes", "only in Safari".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from shared.explain.model import CauseId

Sign = Literal[
    "backend",
    "assertion",
    "secret",
    "public",
    "framed",
    "strict_browser",
    "storage_lost",
    "state_lost",
    "works_elsewhere",
    "some_users",
    "service_user",
    "lasts",
    "fresh",
    "by_hand",
    "twice",
    "blank",
    "v1",
    "v2",
    "came_back",
    "cors",
    "timeout",
    "not_eligible",
    "client_not_found",
    "no_such_endpoint",
    "not_served",
    "user_lacks",
    "proxied",
    "lost_query",
    "refreshing",
    "loops",
    "fewer_results",
    "no_refresh_token",
    "no_patient",
]
_GAP = r"[^\n.;]{0,60}?"
_LOST = (
    r"(?:missing|lost|empty|gone|null|nil|undefined|not (?:found|set|sent|there|kept|stored)"
    r"|differ\w*|mismatch\w*|dropped|blocked|two different|changes|fehlt|vanish\w*|disappear\w*)"
)
_KEPT = r"(?:session(?:[ ._-]?(?:id|cookie|storage))?|cookies?|(?:local|session)storage)"
_DURATION = (
    r"(?:\d{1,3}|an?|one|two|five|ten|half an?|a few|several) ?-?(?:minutes?|mins?|hours?|h)\b"
)
_SIGNS: Mapping[Sign, str] = {
    "backend": r"client_credentials|\bbackend (?:service|job|system|app|client)|\bsystem app\b"
    r"|on behalf of a system",
    "assertion": r"client_assertion|private[_ ]key[_ ]jwt|jwt[- ]bearer|signed jwt"
    r"|assertion (?:header|claims)|\bjwks?(?:_kid)?\b[^\n]{0,40}\bassertion",
    "secret": r"client[_ -]secret|authorization: basic|basic auth|client_secret_(?:basic|post)",
    "public": r"\bpublic (?:client|app)|\bno secret\b|\bspa\b|single[- ]page",
    "framed": r"\bi-?frames?\b|\bin (?:a|the) frame|\bembedd?ed\b|\bhyperspace\b|\bhyperdrive\b"
    r"|\bmpages?\b|\bwebview2?\b|within the ehr user interface|\binside (?:of )?(?:the )?"
    r"(?:ehr|epic|cerner|powerchart)|\bside ?(?:bar|panel)\b",
    "strict_browser": r"\bsafari\b|\bitp\b|\bfirefox\b|\bbrave\b|\bincognito\b|private (?:window|"
    r"mode|browsing)|third[- ]party (?:cookies?|storage)|\bsamesite\b|\bpartitioned\b|\bchips\b"
    r"|\bie ?1[01]\b|internet explorer|(?:intranet|internet|trusted|security) zones?|\bi(?:pad|"
    r"phone|os)\b|\bwebview2?\b",
    "storage_lost": rf"\b{_KEPT}\b{_GAP}\b{_LOST}|\b{_LOST}{_GAP}\b{_KEPT}\b"
    rf"|\bno {_KEPT}\b|\bsecurityerror\b|\boperation is insecure\b|\bstate (?:is )?(?:nil|null"
    rf"|undefined|empty|lost)|no state\b",
    "state_lost": r"\bno '?\"?state\b|\bstate\b[ '\"]{1,3}(?:parameter )?(?:mismatch|not found|"
    r"(?:is |was )?(?:missing|invalid|unknown|expired|lost|wrong)|does ?n.t match|do not match)"
    r"|\b(?:invalid|unknown|missing|bad|mismatch\w*|no matching)[ _]'?state\b"
    r"|(?:csrf|state)[^\n]{0,40}(?:detected|verification failed|check failed|mismatch)",
    "works_elsewhere": r"\b(?:works?|worked|working|ok|fine|good|granted|no problems?)\b[^\n.,]"
    r"{0,50}\b(?:sandbox|demo|staging|dev|(?:other|another|first|second) (?:sites?|customers?|"
    r"hospitals?|practices?|tenants?|clinics?))\b|\b(?:sandbox|demo|staging|production tenant|"
    r"(?:other|first) (?:sites?|customers?|hospitals?|practices?|tenants?|clinics?))\b[^\n.,]{0,40}"
    r"\b(?:works?|worked|ok|fine|granted|good|succeeds?)\b|\b\w+ are (?:ok|fine)\b",
    "some_users": r"\b(?:only|just) (?:for |happens (?:for|to) )?(?:some|certain|new|one|a few)\b"
    r"[^\n.]{0,30}\b(?:users?|patients?|accounts?|clinicians?|nurses?|doctors?)|\bfor (?:new|some"
    r"|certain) (?:users?|patients?|accounts?)|\bother (?:users?|accounts?|clinicians?)\b"
    r"[^\n.]{0,30}\b(?:works?|ok|fine)|\bmy (?:own )?account\b[^\n.]{0,30}\b(?:works?|ok|fine)",
    "service_user": r"\bservice (?:account|user)|password grant|grant_type=password"
    r"|\bapi user\b|\bintegration user\b",
    "lasts": rf"\b(?:works?|worked|fine|ok|good|runs?)\b[^\n.]{{0,25}}\b(?:for"
    rf"|about)\b[^\n.]{{0,12}}"
    rf"{_DURATION}|\bafter (?:about |around |exactly |roughly |~ ?|some )?{_DURATION}"
    r"|\bafter a while\b|\b(?:in the morning|after lunch)\b",
    "fresh": r"\b(?:uploaded|registered|created|changed|added|updated|published|rotated|generated)"
    r"\b[^\n.]{0,25}\b(?:today|this morning|yesterday|an hour ago|just now|minutes ago|hours? ago|"
    r"last night)|\bjust (?:uploaded|registered|created|changed|added|updated|published)\b",
    "by_hand": r"\b(?:open\w*|went to|go to|paste[ds]?|typed?|enter\w*|brows\w+|bookmark\w*"
    r"|click\w*"
    r"|visit\w*|load\w*|refresh\w*)\b[^\n]{0,90}?(?:\blaunch\.html|\bindex\.html|\blocalhost|"
    r"\b(?:launch )?(?:url|link|page|address)\b|\bbookmarks?\b)|\bnpm (?:run )?(?:start|serve)\b"
    r"|\bdirectly in (?:the|a|my) browser|\blive server\b|\bhttp://localhost:\d+/(?:launch|index)",
    "twice": r"\btwice\b|\bsecond (?:time|request|call)|\bagain and again|\breload(?:s|ed|ing)?\b|"
    r"\brefresh(?:es|ed)? the page|strict ?mode|\btwo (?:requests|calls|times)|back button|"
    r"\bprefetch",
    "blank": r"\b(?:blank|white|empty|black|gr[ae]y) (?:page|screen|window|tab|frame)|"
    r"\bpage (?:stays|is|remains) (?:white|blank|empty)|\bnothing (?:is shown|happens|loads)",
    "v1": r"(?<!/)\bsmart[ -]?(?:version|on fhir)?[ is:\"]{0,8}(?:smart )?v1\b|\bregistered"
    r" (?:as|for) v1\b",
    "v2": r"(?<!/)\bsmart[ -]?(?:version|on fhir)?[ is:\"]{0,8}(?:smart )?v2\b|\bregistered"
    r" (?:as|for) v2\b",
    "came_back": r"[?&]code=[^&\s]{1,400}&(?:[^\s]{0,400}&)?state=|[?&]state=[^&\s]{1,400}&"
    r"(?:[^\s]{0,400}&)?code=",
    "cors": r"\bcors\b[^\n.]{0,40}\b(?:errors?|issues?|fail\w{0,4}|block\w{0,4}|missing|preflight|"
    r"prefetch|not (?:supported|enabled|allowed))|\b(?:due to|because of|not support|n.t support|"
    r"no|fail\w{0,3})(?: a| an| the)?(?: strict)? cors\b",
    "timeout": r"\btime-?out (?:error|when|at|on|calling)|\brequest timed out|\betimedout\b"
    r"|\bdeadline exceeded|\bread timed? ?out",
    "not_eligible": r"\bnot? eligib\w{0,5}|\beligib\w{1,5} (?:check )?fail\w{0,3}|\bno"
    r" (?:\w{1,20} )?(?:membership|(?:patient |portal )?account|linked patient) (?:was )?found",
    "client_not_found": r"\bapplication with identifier\b[^\n]{0,80}\bnot found|\bclient(?:["
    r" _-]?id)?\b"
    r"[^\n.]{0,20}\b(?:not found|does not exist|is (?:unknown|not known))",
    "no_such_endpoint": r"\bcould not find resource for full path|\bcannot (?:post|get) /\S{0,80}"
    r"(?:token|auth)",
    "not_served": r"\bunknown resource type\b|\bdoes not know how to handle\b"
    r"|\bunknown (?:search )?parameter\b|\bunsupported search parameter",
    "user_lacks": r"\buser\b[^\n.]{0,40}\b(?:not (?:have|authorized|permitted|allowed)|lacks?)\b"
    r"|\b(?:insufficient|missing) (?:privileges?|permissions?|roles?)\b",
    "proxied": r"\b(?:nginx|traefik|haproxy|envoy|ingress|cloudfront|load ?balancer|reverse proxy|"
    r"proxy|gateway|alb|cdn)\b",
    "lost_query": r"\b(?:query(?: string)?|parameters?)\b[^\n.]{0,30}\b(?:lost|gone|dropped"
    r"|missing|"
    r"stripped|removed)\b|\b(?:loses?|drops?|strips?) the (?:query|parameters?)",
    "refreshing": r"\bwhen (?:we )?refresh|\brefreshing\b|\bgrant_type\W{1,6}refresh_token"
    r"|\btoken refresh\b|\brefresh call\b",
    "loops": r"\b(?:infinite|endless|redirect(?:ion)?|login)[- ]{1,2}loop|\bloops? (?:forever|"
    r"endless\w*|between)|\bkeeps? (?:redirecting|looping|launching)|\bover and over\b"
    r"|\btoo many redirects\b|ERR_TOO_MANY_REDIRECTS",
    "fewer_results": r"\b(?:empty (?:bundle|results?|list)|no (?:results|entries|data)|"
    r"fewer (?:results|resources|entries|observations)|0 (?:results|entries)|total\W{1,4}0\b|"
    r"only (?:\d+|some|part|half) of)",
    "no_refresh_token": r"\b(?:no|without|missing|lacks?|never (?:get|got|receive)\w*|"
    r"(?:not|n't|doesn.t) (?:get|return|receive|contain|include|have|send)\w*)\b[^\n.;]{0,30}"
    r"\brefresh[ _]?token\b|\brefresh[ _]?token\b[^\n.;]{0,30}\b(?:missing|undefined|null|absent|"
    r"never|empty|not (?:returned|present|included|there|issued|in))\b|\bunable to refresh\b",
    "no_patient": r"\bno (?:patient|patient_id|launch_response_patient)\b(?![/ ]*(?:data|access|"
    r"scope))|\bpatient(?:[ _]id)?\b[ '\"]{1,3}(?:is |was |claim (?:is )?)?(?:missing|undefined"
    r"|null|empty|not (?:in|returned|included|present))|without (?:a |any )?patient(?: id|"
    r" context)?\b|\bno patient (?:context|claim|in (?:the )?(?:token|context))",
}
_RIGHT = (
    r"(?:definitely |exactly |certainly |all |already |also )?(?:is |are |was |were )?"
    r"(?:definitely |exactly |already |all )?(?:registered|correct|right|valid|the same|identical|"
    r"listed|whitelisted|in the |ticked|enabled|configured|set to|ok\b|fine\b|match\w*)"
)
_DENIED: Mapping[CauseId, str] = {
    "redirect_uri_mismatch": rf"(?:redirect|callback|reply)["
    rf" _-]?ur[il]s?\b[^\n.]{{0,40}}?\b{_RIGHT}"
    r"|\bredirect is in\b",
    "client_unknown": rf"\bclient[ _-]?id\b[^\n.]{{0,25}}?\b{_RIGHT}|client_id pasted"
    r"|\bsandbox client id\b",
    "client_auth_wrong": rf"\b(?:client )?secret\b[^\n.]{{0,25}}?\b{_RIGHT}",
    "scope_not_registered": r"\bscopes?\b[^\n.]{0,30}?\b(?:are|is) (?:all )?(?:registered"
    r"|ticked|"
    r"granted|enabled|selected)|\ball (?:products|apis|scopes) are (?:ticked|selected|enabled)",
    "launch_parameter_missing": r"\bwe (?:do |always )?(?:send|pass) (?:the )?launch\b",
    "pkce_mismatch": rf"\b(?:pkce|code_challenge|verifier)\b[^\n.]{{0,25}}?\b{_RIGHT}",
    "cors_blocked": r"\b(?:cors|cross-origin)\b[^\n.]{0,60}?\b(?:(?:is|are) (?:on|enabled|set)"
    r"|configured|"
    r"allows? our)\b",
    "clock_skew": r"\b(?:clocks?|time)\b[^\n.]{0,25}?\b(?:right|synced|synchron\w+|correct|ntp)\b",
    "user_declined": r"\b(?:did ?n.t|did not|never|nobody|no one)\b[^\n.]{0,30}\b(?:declin\w+"
    r"|den\w+"
    r"|cancel\w*|press\w*|click\w*)|\bno (?:deny |cancel |allow )?button\b|consent never shows",
    "access_token_expired": r"\btoken\b[^\n.]{0,20}\b(?:is|was) (?:still )?(?:valid|fresh|new|not "
    r"expired)|\bjust (?:got|fetched|issued) (?:the|a) (?:new )?token",
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a text tells: signs of how it fails, and causes that its writer excludes."""

    signs: frozenset[Sign] = frozenset()
    denied: frozenset[CauseId] = field(default_factory=frozenset)

    def tells(self, *signs: Sign) -> bool:
        """Return whether the text has every one of the signs."""
        return self.signs.issuperset(signs)


def claims_in(text: str) -> Claims:
    """Return what is claimed in a text that is plain, decoded and without noise."""
    # Pasted sentences are broken into lines.
    flowing = re.sub(r"(?<=[\w,:\"]) ?\n(?=[a-z])", " ", text)
    return Claims(
        frozenset(sign for sign in _SIGNS if _found(_SIGNS[sign], flowing)),
        frozenset(cause for cause in _DENIED if _found(_DENIED[cause], flowing)),
    )


def _found(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
