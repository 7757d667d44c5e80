"""Find a person's claims in a pasted text, which count less than a server's message.

Examples: "it works in the sandbox", "the redirect URI is registered", "only in Safari".
"""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from shared.explain.model import CauseId
from shared.frozen import dataclass
from shared.patterns import any_case

_Client = Literal["assertion", "keyed", "secret", "public", "v1", "v2", "other_environment"]
_Place = Literal["framed", "strict_browser", "works_elsewhere", "other_user", "proxied", "by_hand"]
_Event = Literal["storage_lost", "lasts", "fresh", "twice", "blank", "came_back", "cors", "loops"]
_Setup = Literal["wrong_launch_url", "as_http", "http_base", "clock_off", "double_request"]
_Server = Literal["lost_query", "refreshing", "rotates", "fewer_results", "server_down", "chrome"]
_Told = Literal["worked", "code_as_token", "awaits_launch", "no_answer", "local_iss", "no_return"]
_Patient = Literal["no_patient", "no_context", "wrong_persona", "someone_else", "patient_in_token"]
_Other = Literal["no_refresh_token", "terminology", "other_token", "instances", "in_tool", "picker"]
_Call = Literal["no_header", "api_login", "stale_copy", "prompt_none", "plus_lost", "token_where"]
Sign = Literal[_Client, _Place, _Event, _Setup, _Server, _Patient, _Told, _Other, _Call]
_DURATION = r"(?:\d{1,4}|an?|one|two|five|ten|half an?|a few) ?-?(?:sec\w*|min\w*|hours?|h)\b"
_ELSEWHERE = (
    r"\b(?:sandbox|demo|staging|production tenant|(?:other|another|first|second|two) (?:sites?"
    r"|customers?|hospitals?|practices?|tenants?|clinics?))\b(?! (?:user|account|patient))"
)
_VALUE, _PLUS = r"\blaunch (?:token|value|param)", r"(?:\+|\bplus\b)"
_SPACE = r"\b(?:space|blank)s?\b"
_AS_SPACE = rf"(?:{_PLUS}[^\n]{{0,90}}?{_SPACE}|{_SPACE}[^\n]{{0,90}}?{_PLUS})"
_TO_LOGIN = r"(?:redirect\w*|302|html)\b[^\n]{0,60}\b(?:log-?in|sign-?in|sso)\b"
_MOBILE = r"\b(?:android|ios|iphone|ipad|flutter|xamarin|cordova|expo|appauth|react native)\b"
_NOT_BACK = r"(?:\bnot|n't|never) [\w ]{0,20}(?:redirect\w*|returns?|comes?) [\w ]{0,9}to \w+ app\b"
_VERSION = r"(?<!/)\bsmart[ -]?(?:version|on fhir)?[ is:\"]{0,8}(?:smart )?"
_SIGNS: Mapping[Sign, str] = {
    "assertion": r"client_?assertion|private[_ ]key[_ ]jwt|jwt[- ]bearer|signed jwt|(?:client"
    r"|signed) assertion",
    "keyed": r"\bjwks[_ -]?ur[il]|\b(?:public|private|signing|rsa\w*) ?key\b|key ?pair",
    "secret": r"client[_ -]secret|authorization: basic|basic auth",
    "public": r"\bpublic (?:client|app)|\bset (?:to|as) \W?public\b|\bsingle[- ]page",
    "framed": r"\bi-?frames?\b|\bin (?:a|the) frame|\bembedded (?:app|browser|in)\b"
    r"|\bhyper(?:space|drive)\b|\bwebview2?\b|(?:within|inside) (?:the|its"
    r"|our)? ?(?:simulated )?(?:ehr|emr)\b|simulated ehr|embedded view",
    "strict_browser": r"\bsafari\b|\bfirefox\b|\bbrave\b|\bincognito\b|\bsamesite\b"
    r"|third[- ]party (?:cookies?|storage)|\bie ?1[01]\b|internet explorer|\bi(?:pad|phone|os)\b"
    r"|(?:intranet|internet|trusted|security) zones?",
    "storage_lost": r"\bsecurityerror\b|\bno (?:session|cookie)|\b(?:(?:local|session) ?storage"
    r"|cookies?)\b[^\n.;]{0,60}(?:\b(?:empty|missing|gone|lost|null)|(?:\bnot|n't"
    r"|\bnever) (?:being )?(?:sent|set|kept|stored))\b",
    "works_elsewhere": rf"\b(?:works?|worked|working|ok|fine|granted)\b[^\n.,]{{0,50}}{_ELSEWHERE}"
    rf"|{_ELSEWHERE}[^\n.,]{{0,40}}\b(?:works?|worked|ok|fine|granted|succeeds?)\b",
    "lasts": r"\b(?:works?|worked|fine|ok)\b[^\n.]{0,25}\b(?:for|about)\b[^\n.]{0,12}"
    rf"{_DURATION}|\bafter (?:about |around |exactly |~ ?|some )?{_DURATION}|\bafter a while\b"
    r"|\b(?:tab|page|app) open\b|\b(?:over|after) lunch\b|\bovernight\b|\bnext (?:day|morning)\b"
    r"|\bfirst (?:few )?(?:requests|calls)\b[^\n.]{0,40}\bthen\b|\b(?:idle|inactivity|asleep"
    r"|n't interact|nobody touches)\b|\b(?:an|one|two|few|[1-9]) hours?\b[^\n.]{0,40}\b(?:stop|fail"
    r"|die)\w*|\bstops? working after\b",
    "no_header": r"\b(?:no|without an?) authorization header\b|(?:n't|\bnot|\bnever) (?:send|set"
    r"|add|includ|attach|pass)\w*\b[^\n.]{0,30}\b(?:authorization|bearer)\b[^\n.]{0,9}\bheader"
    r"|\bheaders? (?:is|are|was|were) (?:not|never) (?:being )?(?:set|sent|added|there)\b",
    "api_login": rf"\b(?:bearer\b|authorization:)[^\n]{{0,120}}?\b{_TO_LOGIN}|\b{_TO_LOGIN}"
    r"[^\n]{0,60}?\b(?:although|though|even|despite)\b[^\n]{0,40}\b(?:bearer|token)\b",
    "stale_copy": r"\b(?:some|other) (?:\w+ )?(?:threads?|workers?|pods?|instances?|processes)\b",
    "prompt_none": r"\bprompt\b\W{1,8}(?:is |to )?none\b",
    "plus_lost": rf"{_VALUE}[^\n]{{0,150}}?{_AS_SPACE}|{_AS_SPACE}[^\n]{{0,60}}?{_VALUE}",
    "fresh": r"\b(?:uploaded|registered|created|changed|added|updated|published|rotated"
    r"|enabled)\b[^\n]{0,40}\b(?:today|this morning|yesterday|(?:half )?an hour ago|just now"
    r"|minutes ago|hours? ago|\d+ days? ago|last night)|\bjust (?:uploaded|registered|created"
    r"|changed|added|updated|published)\b",
    "by_hand": r"\b(?:open\w*|went to|go to|paste[ds]?|typed?|brows\w+|bookmark\w*|click\w*"
    r"|visit\w*)\b[^\n]{0,90}?(?:\blaunch\.html|\bindex\.html|\blaunch (?:url|link|page)\b"
    r"|\bbookmarks?\b)|\bnpm (?:run )?(?:start|serve)\b|\blive server\b",
    "twice": r"\bF5\b|\btwice\b|\bsecond (?:time|request|call|attempt)|\breload(?:s|ed|ing)?\b"
    r"|strict ?mode|\btwo (?:requests|calls)|back button",
    "blank": r"\b(?:blank|white|empty|black|gr[ae]y) (?:page|screen|window|tab)|\bpage (?:stays"
    r"|is|remains) (?:white|blank|empty)|\bnothing (?:is shown|happens|loads)",
    "v1": _VERSION + r"v1\b",
    "v2": _VERSION + r"v2\b",
    "came_back": r"[?&](?:code=[^&\s]{1,400}&(?:[^\s]{0,400}&)?state="
    r"|state=[^&\s]{1,400}&(?:[^\s]{0,400}&)?code=)|/callback\?code=",
    "cors": r"\bpreflight\b[^\n.]{0,60}\b(?:fail|block)|\bcors\b[^\n.]{0,40}\b(?:errors?|issues?"
    r"|fail\w{0,4}|block\w{0,4}|missing|preflight|not (?:supported|enabled|allowed)|settings"
    r"|config\w*)|(?:\bnot|n't) (?:support|allow|enable|have)\w* (?:\w+ )?cors\b|\b(?:due to"
    r"|because of|no)(?: a)?(?: strict)? cors\b",
    "proxied": r"\b(?:nginx|traefik|haproxy|envoy|ingress|cloudfront|load ?balancer|proxy"
    r"|gateway)\b",
    "lost_query": r"\b(?:query(?: string)?|parameters?)\b[^\n.]{0,30}\b(?:lost|gone|dropped"
    r"|missing|stripped|removed)\b|\b(?:loses?|drops?|strips?) the (?:query|parameters?)",
    "refreshing": r"\A\W{0,3}refresh[ _]?tokens?\b|\brefresh[ _]?tokens? (?:stop\w*|no longer"
    r"|die\w*)\b|\b(?:on|at|during) (?:a "
    r"|the |every )?(?:token )?refresh\b|\brefresh(?: (?:call|request|attempt))? (?:gives|fails"
    r"|returns|works)|\btoken refresh\b|\bwhen (?:we )?refresh|\bus(?:ing|es?) (?:the|a) "
    r"refresh[ _]?token|\brefreshing\b(?! the)|refresh\w{0,20}\(|\bgrant_type\W{1,6}refresh_token",
    "other_user": r"\b(?:only|for) (?:some|certain|a few) (?:of )?(?:our |the )?(?:users|accounts"
    r"|clinicians|providers)\b|\bsome (?:users|accounts) (?:can|get|work)|\b(?:works?|fine"
    r"|can)\b[^\n]{0,50}\b(?:but|,) (?:not )?(?:for|with|as) (?:an?|another|other|some|dr|my)\b"
    r"|\b(?:another|a different|other|second) (?:\w+ ){0,2}(?:user|account|provider"
    r"|login)s?\b[^\n.!]{0,70}\b(?:works?|ok|fine|back|complete|everything|all|succeeds?)\b",
    "server_down": r"\bother (?:\w+ )?(?:hosts?|sites?|servers?|urls?)\b[^\n.]{0,20}\b(?:answer"
    r"|work|reach|ok|fine)\w*|\bfrom (?:office|home|several|different|two)\b|\bno (?:deploy|change)"
    r"|\bsince (?:this morning|today|yesterday|last night)|\b(?:worked|ok|fine) (?:all |until "
    r"|since |for )?(?:last|yesterday|weeks|months)|\bstatus page\b|\b(?:down|outage"
    r"|maintenance)\b",
    "worked": r"\b(?:worked|been working|was working|used to work|successfully us\w+)\b[^\n.]{0,50}"
    r"\b(?:before|until(?! (?:we|i|the) )|yesterday|last|months|weeks|earlier)\b|(?:\bno(?:t"
    r"|thing)?|n't)\b[^\n.]{0,20}\bchang\w*[^\n.]{0,30}\b(?:end|side|anything)\b",
    "code_as_token": r"\bcode\b[^\n.]{0,25}\b(?:as|in|into)\b[^\n.]{0,25}\b(?:bearer"
    r"|auth\w* header)\b|\b(?:bearer|authori[sz]ation header)\b[^\n.]{0,30}\bauth\w* code\b",
    "terminology": r"\b(?:loinc|snomed|rxnorm|icd-?10|ucum)\b[^\n]{0,80}\?|\bwhich (?:loinc|code"
    r"|unit)\b",
    "no_context": r"\b(?:start|launch|open|run)\w*\b[^\n.]{0,20}\bwithout (?:an? |any "
    r"|the )?(?:context|chart|ehr)\b|\bstandalone\b",
    "token_where": r"\b(?:where|how)\b[^\n.?]{0,40}\b(?:add|put|pass|send|set|include|attach)"
    r"\b[^\n.?]{0,40}\btoken\b|\btoken\b[^\n.?]{0,60}\b(?:where|how)\b[^\n.?]{0,20}\b(?:add|put"
    r"|pass|send|set|include|use) it\b",
    "loops": r"\bback to (?:the |my )?(?:login|log-?in|sign-?in)\b|\blogs? (?:me |you )?out (?:"
    r"again|instantly|immediately)|\b(?:into|infinite|endless|continuous|redirect(?:ion)?"
    r"|login)(?: an?)?[- ]loop|\b(?:re)?(?:load|direct|start|alternat)\w*\b[^\n.]{0,30} (?:forever"
    r"|over and over|again and again)|\bloops? (?:forever|endless\w*|between)|\b(?:keeps? |endless "
    r"|infinite )(?:redirect|loop)|too[ _]many[ _]redirects\b|\bback and forth between",
    "awaits_launch": r"\bwait(?:s|ing)? (?:for|until)\b[^\n.]{0,40}\b(?:launch|ehr to)\b"
    r"|\bonce\b[^\n.]{0,30} receives? an? launch",
    "no_answer": r"\b(?:connection|call|request|page|site|server|it)\b[^\n.]{0,40}\btimes? out\b"
    r"|\b(?:page|site|tab|login|it|which|that)\b[^\n.]{0,60}\bnever (?:loads|comes up|opens|answers"
    r"|responds)|\b(?:request|call|page)\b[^\n.]{0,20}\bhangs\b|\bkeeps loading\b",
    "no_return": rf"{_MOBILE}[^\0]{{0,300}}?{_NOT_BACK}|{_NOT_BACK}[^\0]{{0,300}}?{_MOBILE}",
    "chrome": r"\b(?:works?|fine|ok)\b[^\n.]{0,25}\b(?:chrome|edge|other browsers?)\b"
    r"|\b(?:chrome|edge|other browsers?)\b[^\n.]{0,40}\b(?:works?|fine|ok)\b",
    "local_iss": r"://(?!localhost|127\.)[^\s?]{3,200}\?(?:[^\s&]{0,300}&){0,4}"
    r"iss=https?(?:%3a|:)(?:%2f|/){2}(?:localhost|127\.)",
    "fewer_results": r"\b(?:returns only|only (?:brings|shows|returns|lists))\b[^\n.]{0,30}\b"
    r"(?:labs|results|entries)|\bempty (?:bundle|results?|list)|\bno (?:results|entries)\b"
    r"|\b0 (?:results|entries)|\btotal\W{0,4}(?:of )?0\b|\bonly (?:\w+ ){0,2}(?:\d+|half) of"
    r"|\breturns? (?:nothing|no data)\b",
    "rotates": r"\brotat\w+|\b(?:first|one) refresh\b[^\n.]{0,30}\b(?:works?|ok|fine|succeeds?)\b"
    r"|\brefresh\w*\b[^\n]{0,60}\b(?:cron|retr(?:y|ied|ies)|workers?|instances|tabs|threads)\b"
    r"|\brefresh\w*\b[^\n.]{0,40}\b(?:at the same time|parallel"
    r"|concurrent\w*)\b|\b(?:old|same|previous|first) refresh[ _]?token|(?:n't|\bnot"
    r"|\bnever) (?:save|store|keep|persist|update)\b[^\n.]{0,25}refresh[ _]?token",
    "other_environment": r"\b(?:sandbox|test|staging) token\b[^\n.]{0,30}\bprod|\bnon-?prod\w* "
    r"client|\bprod\w* client[ _]id\b[^\n.]{0,60}\b(?:sandbox|test)\b",
    "no_refresh_token": r"(?:\b(?:no|without|missing)|(?:\bnot|n't|\bnever) (?:get|got|come with"
    r"|receive|return|contain|include)\w*)\b[^\n.;]{0,30}\brefresh[ _]?tokens?\b"
    r"|\brefresh[ _]?tokens?\b[^\n.;]{0,30}\b(?:missing|undefined|null|not (?:returned|present"
    r"|included|issued))\b|\bunable to refresh\b",
    "other_token": r"\b(?:with|using|uses?) (?:an?|the) (?:\w+ ){0,2}tokens? (?:from|of|that|by"
    r"|issued)[^\n.]{0,60}\b(?:200|works?|ok|fine|accept\w*)\b|\btokens? (?:from|of|issued "
    r"by)[^\n.,]{0,40} (?:works?|is accepted|are accepted)\b|\bid ?tokens?\b[^\n.,]{0,20}\b(?:does"
    r"|works?|fine)\b|\baccepts? (?:the )?id ?tokens?",
    "instances": r"\b(?:two|three|several|multiple|more|many) (?:instances|replicas|pods"
    r"|workers|servers|nodes)\b|\bscal(?:ed|ing) (?:out|up|to)\b|\bload[- ]?balanc\w+",
    "in_tool": r"\bworks?\b[^\n.]{0,20}\b(?:in|with|from|using|through|via) (?:\w+ )?(?:postman"
    r"|curl|insomnia|swagger)\b|(?<!from )\b(?:postman|curl|insomnia"
    r"|swagger)\b[^\n.]{0,25}\b(?:works?|worked|200)\b",
    "picker": r"\bpatient (?:picker|select\w+|list)\b[^\n.]{0,60}\b(?:although|even though"
    r"|but)\b[^\n.]{0,60}\b(?:chart|context|ehr)\b",
    "clock_off": r"\bclock\b[^\n.]{0,40}\b(?:behind|ahead|wrong|slow|fast|off)\b|\bclock skew\b",
    "as_http": r"\bredirect\w*\b[^\n.]{0,50}\bhttp\b(?!s|:|/| ?\d| code| status)",
    "http_base": r"\bhttp://(?!localhost|127\.)[^\s)]{0,80}(?:fhir|/baser4|/basedstu)",
    "wrong_launch_url": r"\blaunch ur[il]\b[^\n]{0,60}\b(?:index\.html|instead of)\b"
    r"|\bas (?:the |our )?launch ur[il]\b",
    "double_request": r"\b(?:called|sent|fired|execut\w+|invoked|mounted)\b[^\n.]{0,12}\b(?:twice"
    r"|(?:two|2) times)\b",
    "wrong_persona": r"\b(?:intended|meant) for (?:patients|providers|clinicians)\b"
    r"|\b(?:mychart users|patients)\b[^\n.]{0,40}\bbut\b[^\n.]{0,20}\b(?:clinicians|providers"
    r"|practitioners)\b[^\n.]{0,40}\b(?:can't|cannot|not)\b|\b(?:provider|clinician"
    r"|practitioner)s? (?:login|log-?in|sign-?in|account)\b[^\n.]{0,60}\bpatients?\b",
    "someone_else": r"\b(?:account|session|name) of (?:another|the (?:last|previous)|an?other)\b"
    r"|\b(?:another|previous|wrong|last) (?:user|colleague|person|doctor"
    r"|nurse)\b[^\n.]{0,30}\b(?:still|is signed|is logged|signed in|logged in)",
    "patient_in_token": r"\b(?:patient|context)\b[^\n.]{0,60}\b(?:inside|within|only in|inspect\w*"
    r"|decod\w*) (?:of )?(?:the )?(?:jwt|access[ _]token)\b",
    "no_patient": r"(?:\b(?:no|not (?:include|contain|have)|contains? no|omits|(?:token|response"
    r"|returns|launch\w*|context)\b[^\n.]{0,70}without)|n't contains?) (?:an? |the )?\W?(?:patient"
    r"|encounter)(?:[ _]?id)?\b\W?(?![/ ]*(?:data|access|scope))|\bno launch_response_patient\b"
    r"|\b(?:patient|encounter)(?:[ _]id)?\b\W{1,3}(?:parameter )?(?:is |was |claim )?(?:is )?"
    r"(?:missing|undefined|null|empty|not (?:in|returned|included|present|defined))",
}
_RIGHT = (
    r"\b[^\n.]{0,35}?\b(?:is|are|was|were|all|definitely|exactly|already) (?:definitely |exactly "
    r"|already |also |all )?(?:registered|correct|right|valid|the same|identical|listed|ticked"
    r"|enabled|configured|granted|selected|ok|fine|on|synced)\b"
)
# For each cause: the thing that, if the text calls it correct, rules the cause out.
_CALLED_RIGHT: Mapping[CauseId, str] = {
    "redirect_uri_mismatch": r"(?:redirect|callback|reply)[ _-]?ur[il]s?",
    "client_auth_wrong": r"secret",
    "scope_not_registered": r"(?:scopes|apis|products)",
}
# What the writer's own test points to, or what the writer left out.
_TESTED = (
    r"\b(?:unless|only (?:if|when)|works? (?:fine )?(?:if|when|once|after|without)|goes away"
    r"|(?:fixed|solved|disappears) (?:by|if|when|after))\b[^\n.;]{0,60}?\b"
)
_LEFT_OUT = (
    r"\b(?:forgot|omit\w*|left out|(?:do|did|does)(?: not|n.t) (?:send|pass|include"
    r"|set))\b[^\n.,;]{0,25}?\b"
)
_WITHOUT = r"\b(?:without|(?:after|when|if) (?:i |we )?remov\w+|leaving out)\b[^\n.;]{0,30}?\b"
_THEN = r"\b[^\n.;]{0,40}\b(?:works?|worked|succeeds?|is fine)\b"
_BLAMED: Mapping[CauseId, str] = {
    "scope_not_registered": rf"{_WITHOUT}scopes?{_THEN}",
    "client_not_enabled_at_site": r"(?:\bhas ?n.t|\bhas not|\bdid ?n.t|\bnot) (?:yet )?(?:enabled?"
    r"|activated?|approved?) (?:the |our |my |this )app",
    "aud_wrong": rf"(?:{_TESTED}|{_LEFT_OUT})aud(?:ience)?\b",
}
_DENIED: Mapping[CauseId, str] = {
    **{cause: rf"\b{what}{_RIGHT}" for cause, what in _CALLED_RIGHT.items()},
    "client_unknown": rf"\bclient[ _-]?id{_RIGHT}|\b(?:both|either"
    rf"|neither)\b[^\n.;]{{0,50}}\bclient[ _-]?ids?\b",
    "access_token_expired": rf"\btoken{_RIGHT}|\b(?:get|got|obtain\w*) (?:an? |the |my )?(?:access "
    r"|jwt |bearer )?token\b(?! (?:error|end|response))|\b(?:just|immediately|fresh\w*"
    r"|newly)\b[^\n.]{0,40}\btoken|\b(?:able to|successful\w*|can(?: able to)?|do) (?:\w+ )?(?:get"
    r"|got|obtain\w*|generat\w*|acquire|receiv\w*|issu\w*)\b[^\n.]{0,25}\btoken",
    "launch_parameter_missing": r"\bwe (?:do |always )?(?:send|pass) (?:the )?`?launch\b",
    # If only some users are refused, they didn't decline.
    "user_declined": r"\b(?:did ?n.t|did not|never|nobody|no one)\b[^\n.]{0,30}\b(?:declin|den"
    r"|cancel|press|click)\w*|\bno (?:deny |cancel |allow )?button\b|\b(?:only|for) (?:some"
    r"|certain|new)\b[^\n.]{0,20}\b(?:users?|patients?|accounts?)",
}


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims in a text: signs of the failure, and the causes that are blamed or ruled out."""

    signs: frozenset[Sign] = frozenset()
    denied: frozenset[CauseId] = field(default_factory=frozenset)
    blamed: tuple[CauseId, ...] = ()

    def has(self, *signs: Sign) -> bool:
        """Return whether the text has every one of the signs."""
        return self.signs.issuperset(signs)


def claims_in(text: str) -> Claims:
    """Return the claims in a text that is plain, decoded and without noise."""
    # Rejoin the sentences that pasting has broken into lines.
    flowing = re.sub(r"(?<=[\w,:\"]) ?\n(?=[a-z])", " ", text)
    return Claims(
        frozenset(sign for sign in _SIGNS if any_case(_SIGNS[sign]).search(flowing)),
        frozenset(cause for cause in _DENIED if any_case(_DENIED[cause]).search(flowing)),
        tuple(cause for cause in _BLAMED if any_case(_BLAMED[cause]).search(flowing)),
    )
