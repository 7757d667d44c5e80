"""Name what a sentence is about, and what it says about that, in a vocabulary of OAuth and FHIR.

Servers word the same refusal in many ways. A sentence with the words for "redirect URI" and for
"differs" means the same thing at any server (RFC 6749 5.2, RFC 7523 3, RFC 7636 4.6, RFC 6750 3.1).
"""

from collections.abc import Collection, Mapping
from functools import cache

from shared.patterns import any_case

_URI = r"ur[il]s?"
# The subjects of a sentence.
_THINGS: Mapping[str, str] = {
    "redirect": rf"registered callback\b|provided url\b|redirect(?:ion)?[ _-]?(?:{_URI}|location"
    rf"|address)|redirecturi|redirect_to|(?:callback|reply|return)[ _-]?(?:{_URI}|address)"
    rf"|post[ _]logout",
    "client": r"\bclient\b|\bclient[ _]?id\b|clientid|\bapp(?:lication)?s?\b|relying party"
    r"|consumer",
    "client_id": r"client[ _-]?id(?:entifier)?\b|clientid|application (?:with identifier|id)"
    r"|app[ _]?id|\bapi key\b|consumer key",
    "secret": r"client[ _-]?secret|\bsecrets?\b|\bcredentials\b",
    "assertion": r"client[ _-]?assertion\w*|\bassertion\b|client[ _](?:signed )?jwt"
    r"|private[_ ]key[_ ]jwt|jwt[- ]bearer|signed jwt|authentication (?:jwt|token)",
    "client_auth": r"client authentication|authenticat\w+ (?:the |a )?client|auth(?:entication"
    r"|entication_)?[ _]?method|token_endpoint_auth|client_auth\w*|client creds|basic auth\w*",
    "key_set": r"\bjwks\b|\b(?:jwk|key) ?set\b|jwks_ur[il]",
    "key": r"\bkids?\b|\bjku\b|\bkey[ _-]?ids?\b|\bjwks?\b|jwks_ur[il]|public key"
    r"|signing[ _]keys?|(?<!api )(?<!subscription )(?<!primary )\bkeys?\b|thumbprint|\bx5t\b"
    r"|certificate with identifier",
    "signature": r"\bsignatures?\b|\bsigned by\b|signature_",
    "claim": r"\bclaims?\b|\b(?:aud|iss|sub|jti|exp|iat|nbf|alg)\b|lifetime",
    "times": r"\b(?:exp|iat|nbf)\b|\bexpir\w+|\blifetime\b|clock|\bissued at\b|future|not before"
    r"|skew",
    "jti": r"\bjti\b|jwt id",
    "alg": r"\balg\b|\balgorithms?\b|\bHS(?:256|384|512)\b",
    "role": r"\broles?\b",
    "query": r"\b_(?:sort|include|revinclude|count|has|elements|summary|lastupdated)\b"
    r"|search (?:param\w*|criteri\w+)|\bif-(?:none-)?match\b",
    "audience": r"\baud(?:ience)?s?\b",
    "aud_parameter": r"\baud(?:ience)? (?:parameter|value|query|is not an? )",
    "resource": r"\bresource (?:principal|parameter|indicator|server|identifier)|\b(?:target"
    r"|resource) (?:service|uri)|\binvalid_(?:target|resource)\b|named api\b",
    "issuer": r"\bissuers?\b|\biss\b",
    "auth_code": r"auth(?:ori[sz]ation)?[ _-]code\b|\bthe code\b|\bcode[\"']? (?:has|was|is|not"
    r"|param)",
    "code": r"authorization grant\b|auth(?:ori[sz]ation)?[ _-]code\b"
    r"|(?<!error )(?<!status )(?<!http )(?<!device )\bcode\b(?![_ ](?:verifier|challenge|console"
    r"|required)|[\"']?\s?[:=]\s?[\"']?\d)|\bthe grant\b",
    "pkce": r"code[ _-]?(?:verifier|challenge)\w*|\bpkce\b|proof key|\bverifier\b|data-binding",
    "refresh": r"refresh[ _-]?tokens?|refreshtoken|offline[ _]?session|\brefresh\b",
    "access": r"access[ _-]?tokens?|bearer(?: token)?|(?<!launch )\btoken\b|\bjwt\b",
    "access_token": r"access[ _-]?tokens?",
    "id_token": r"\bid[ _-]?tokens?\b|\bidtoken\b",
    "scope": r"\bscopes?\b|\bpermissions?\b(?! error)",
    "fhiruser": r"\bfhiruser\b",
    "openid": r"\bopenid\b(?! connect)",
    "patient": r"\bpatients?\b",
    "context": r"\blaunch[ _-]?context|\b(?:ehr|patient|encounter) context|patient[ _](?:id"
    r"(?:entifier)?|claim)\b|launch_response_patient|\bcontext\b(?=[^.]{0,20}(?:required|missing))",
    "launch": r"\blaunch\b(?!er|\.html|_|[ -]?context)",
    "iss_parameter": r"\biss\b|\bserver ?url\b|service ?url|authorization url given",
    "state": r"mismatchingstate|invalid_?state|(?<!sync )(?<!connection )(?<!download )(?<!upload )"
    r"(?<!redux )(?<!react )(?<!component )(?<!job )(?<!task )(?<!network )\bstate\b(?! machine)"
    r"|\bcorrelation (?:failed|cookie)|authorization_request_not_found|\bcsrf\b",
    "nonce": r"\bnonce\b",
    "user": r"\busers?\b|\bresource owner\b|(?<!service )\baccount\b|\bpractitioner\b|\bperson\b"
    r"|\bsigned[- ]in\b|\byou (?:do not|don't|are not|aren't|lack)\b",
    "member": r"\bmember(?:s|ship)?\b(?! of)|\benrollees?\b|\bbeneficiar\w+|\bsubscribers?\b",
    "password": r"\bpasswords?\b|resource owner authentication|(?:user|login)[ _]credentials"
    r"|credentials (?:for|of) (?:the )?user",
    "grant_type": r"grant[ _-]?types?|(?<!work )\bflow\b|(?<!_)client_credentials\b"
    r"|service accounts?\b"
    r"|authorization[_ ]code (?:grant|flow)|authoriz\w+ grant type|\bstandard flow|direct access",
    "response_type": r"response[ _-]?(?:type|mode)s?",
    "tenant": r"\btenants?\b|\brealms?\b|\borgani[sz]ations?\b|\bpractices?\b|\bsites?\b"
    r"|director(?:y|ies)",
    "consent": r"\bconsent\w*|\badmin(?:istrator)? approv\w+|need admin|\bcriteria to access",
    "session": r"\bsessions?\b|\bcookies?\b",
    "origin": r"\bcors\b|cross-origin|access-control-|\borigin\b|preflight",
    "web_view": r"\b\w{0,7}web ?views?\b|in-app browser|embedded (?:browser|user[- ]agent)",
    "header": r"(?<!match )\bheaders?\b|authorization:|access_token=",
    "search": r"search param\w*|\bparam(?:eter)?s?\b|search criteria|\bchained?\b|\bsort\b"
    r"|_include|\bfilter",
    "type": r"resource ?types?|\bresource\b|\boperation\b|interaction",
    "media": r"content[- ]?type|media type|accept header|\bformat\b|\bxml\b|charset",
    "version": r"\bfhir ?version|\bstu3\b|\bdstu ?2\b|\br4b?\b|\br5\b|fhirversion",
    "discovery": r"smart config\w*|well[- ]known|smart-configuration|openid-configuration"
    r"|discovery|\bmetadata\b|capability ?statement|conformance statement|oauth (?:endpoints"
    r"|ur[il]s)|security extension",
    "registered": r"\bregist\w+|\bconfigured\b",
    "endpoint": r"/token\b|/auth(?:orize)?\b|endpoint|\broute\b|full path|request path",
}
# What it says.
_SAYINGS: Mapping[str, str] = {
    "missing": r"\bkeyerror\b|\bmissing\b|\bnot (?:sending|providing|added|automatically)\b"
    r"|\b(?:is|are|was) required\b|\brequire[sd]?\b|\bmust (?:contain|include|have|be (?:present"
    r"|provided|supplied|sent|specified|set)|specify|provide)|(?:\bnot|n't|\bnever"
    r"|\bnor)(?: been)? (?:present|provided|supplied|specified|included?|sent|found in|set"
    r"|available|given|returned|in the)\b|\babsent\b|\bempty\b|\bnull\b|\bnone\b(?! of)"
    r"|\bgetting lost|\bwithout\b|\black(?:s|ing)?\b|\bundefined\b|\bnil\b|\bno (?!longer|matching"
    r"|such)\w+|\bneed(?:s|ed)?\b|\bomitted\b|does(?: not|n't) (?:contain|provide|offer|return"
    r"|expose|include|have|list)|\bexpect(?:ed|s)?\b[^.]{0,30}\b(?:parameter|header|claim)",
    "unknown": r"\bnot (?:be |an? )?(?:found|known|recogni[sz]ed|registered|resolved?|located|exist"
    r"|associated|linked)|\bun(?:known|recogni[sz]ed|registered)\b|does(?: not|n't) exist"
    r"|\bno \w+ with\b|\bdo(?:es)? not (?:identify|refer|resolve)\b|\bno (?:such|matching|suitable"
    r"|usable|valid)\b|(?:can(?:not|'t| not)|could(?: not|n't)|unable to|failed to|did not"
    r"|didn't) (?:be )?(?:find|locate|found|map|resolve|identify|look ?up|match any|load|fetch"
    r"|retrieve|read|parse|discover)|isn't (?:registered|known|currently)|not currently registered"
    r"|no longer exists|\bnone of\b|\bno key\b",
    "mismatch": r"\bmis-?match\w*|\bnot equal\b|(?:does|do|did|is|are)(?: not"
    r"|n't) (?:exactly )?(?:match|equal|correspond|belong|the same)|\bnot match\w*|\bdiffer\w*"
    r"|\bunexpected\b|\bnot (?:an? )?(?:one of|approved|the registered)\b|\bnot (?:in|on) (?:the "
    r"|an? )?(?:list|allow|group|role)|\bexpected\b|\binstead of\b|\bincorrect\b|\bwrong\b"
    r"|\bnot (?:valid|intended|issued) (?:for|to)\b|issued (?:for|to) (?:another|a different)"
    r"|\bbelongs? to\b|\bnot the same|\bmust (?:be|match|equal)\b|\bother than\b",
    "repeated": r"\bduplicate\b|\brepeated\b|\bmore than once\b"
    r"|\bmultiple\b(?= (?:client )?(?:auth|credential))",
    "invalid": r"\bnot correct\b|\bmust(?: not|n't)\b|\binvalid\w*|\bnot valid\b|\bbad\b"
    r"|\bmalformed\b|\billegal\b|\bfailed\b|(?:verification|validation|authentication"
    r"|check) (?:fails|failure)\b|\bnot accepted\b|(?:\bcan(?:not|'t| not)|\bunable to"
    r"|could(?: not|n't)) (?:be )?(?:verif|validat|decod|pars|authenticate)\w*"
    r"|\breject(?:ed|s)\b|\brefuse[ds]\b|does(?: not|n't) (?:conform|comply)|\bunacceptable\b"
    r"|\bnot (?:a )?(?:valid|well|base64)|\buntrusted\b|\bnot trusted\b",
    "expired": r"\belapsed\b|\bexpir\w+|\btoo old\b|\bno longer (?:valid|active)|\bstale\b"
    r"|\btimed? ?out\b|(?<!jwt )\bnot active\b|\binactive\b|\brevoked\b|\bterminated\b"
    r"|\bhas ended\b|\bconsumed\b",
    "used": r"\balready (?:been )?(?:\w+ )?(?:used|redeemed|consumed|exchanged|seen|spent)"
    r"|\bused (?:twice|more than|before)|\breus\w+|\breplay\w*|\bonly (?:be used )?once\b"
    r"|previously (?:used|redeemed)|been (?:used|redeemed|rotated|replaced)|\brotated\b",
    "future": r"\bin the future\b|\bnot (?:yet (?:valid|active)|(?:valid|active) yet)\b"
    r"|jwt not active|\bissued before|\bused before|\bskew\b|too early|\bin the past\b"
    r"|before (?:the )?not before",
    "long": r"\btoo (?:far|long|large|short|many|big)\b|\bexceed\w*|\bmore than\b|\blonger than\b"
    r"|\bmaximum\b|\bgreater than\b|\blifetime\b|\bat most\b",
    "declined": r"\bdeclin\w+|\bcancel\w*|\b(?:user|owner|patient)\b (?:has )?(?:denied|rejected"
    r"|refused|did not (?:consent|authorize|approve))|denied (?:by (?:the )?user|access to your)"
    r"|\babort\w*",
    "broken": r"\bunexpected (?:error|exception)|\binternal (?:server )?error|\btry (?:\w+ "
    r"){0,3}again later|\bsomething went wrong|\bmaintenance\b|\btemporarily (?:down|unavailable)",
    "unfetched": r"(?:unable to|fail\w* to|could(?: not|n't)|can(?:not|'t)|error"
    r"|timed? ?out) (?:be )?(?:retriev|fetch|download|access|reach|connect)\w*",
    "insufficient": r"\binsufficient\b",
    "denied": r"\bnot (?:an? )?(?:part|member) of\b"
    r"|(?:\bnot|n't) (?:been |currently |allowed or )?(?:allowed|permit\w*|authori[sz]ed"
    r"|granted|enabled|approved|assigned|supported|activated|white-?listed|listed|entitled"
    r"|licen[cs]ed|configured|eligible|allow)|\bun(?:authori[sz]ed|supported)\b|\bforbidden\b"
    r"|\bdenied\b|\bdisallow(?:ed|s)\b|\bno (?:permission|access)|do(?:es)?(?: not|n't) have\b"
    r"(?! to)|\binsufficient\b|\bdisabled\b|\bblock(?:ed|s)\b|cannot (?:use|access|request)"
    r"|\blocked\b|\bprohibited\b|does not meet\b|could not be granted|\bnot (?:been )?given",
}
_ALL = {**_THINGS, **_SAYINGS}
_A_SCOPE = any_case(r"\b(?:patient|user|system)/[a-z*]+\.(?:read|write|\*|[cruds]+)(?![\w-])")
_READING = any_case(
    r"cannot read propert\w+ of \w+ \(reading '((?:refresh|access|id)_token|patient)'\)"
)
# Text that isn't words: codes, URLs, queries, JSON, qualified names, paths, and a status's reason.
_NO_WORDS = any_case(
    r"\binvalid_(?:client|grant|scope|request|token)\b|\b(?:access_denied|unauthorized_client)\b"
    r"|\b\d{3} (?:client|server) error: \w+|cannot read propert\w+ (?:'\w+' )?of \w+(?: \(reading "
    r"'\w+'\))?|[\w.]+ is not (?:a function|iterable|defined)|nullpointer[^\n]*"
    r"|[a-z][a-z0-9+.-]{1,20}://\S+|\S*[?&]\w+=\S*|\b(?!error_)\w+=\S+|\{[^{}]{0,400}\}"
    r"|\[[a-z]\w+(?:, \w+){1,99}[^\]]{0,9}\]|\b(?:[a-z_$][\w$]*\.){2,}[\w$]+"
    r"|(?<![\w.])\.{0,2}/[\w./${}-]+|\b[45]\d\d:? (?:unauthorized|forbidden|bad request|not found"
    r"|(?:internal )?server error|not acceptable|method not allowed)|\b(?:patient|user|system)/\S+"
    r"|\b[\w-]+\.(?:html?|jsx?|tsx?|py|java|cs|rb)\b|\b(?:no|unknown) errors?\b"
    r"|\b(?:includes?|has|have|with|contains?) (?:all )?(?:the )?required\b|\(parameter '\w+'\)"
    r"|\bfailed to obtain\b|\b(?:oidc|openid|fhir|http)-client\b"
    r"|(?<=[;,(] )scopes?:? (?:[\w/*.]+/[\w*.]+|openid|launch|fhiruser)[^;.)]*"
)
# An error's name has the words, too: `redirect_uri_mismatch`.
_NAMED = any_case(
    r"\b(?!consent_|login_|interaction_|account_)\w{2,40}_(?:mismatch|not_found|not_allowed"
    r"|missing|required)\b(?!\s?[=(])"
)
_CONTRACTED = any_case(r"\b(is|are|was|were|does|do|did|has|have|had|would|could|should)n't\b")


def concepts_in(sentence: str) -> frozenset[str]:
    """Return the names of the things and the sayings that a sentence has words for."""
    sentence = _CONTRACTED.sub(r"\1 not", sentence)
    said = _NO_WORDS.sub(" ", _READING.sub(r"\1 missing", _A_SCOPE.sub("scope", sentence)))
    said = _NAMED.sub(lambda name: name[0].replace("_", " "), said)
    return frozenset(name for name, words in _ALL.items() if any_case(words).search(said))


@cache
def _read(expression: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    parts = []
    for part in expression.split():
        names = frozenset(part.lstrip("!").split("|"))
        parts.append((frozenset(), names) if part.startswith("!") else (names, frozenset()))
    return tuple(parts)


def fits(expression: str, found: Collection[str]) -> bool:
    """Return whether the concepts of a sentence fit an expression: `redirect missing|unknown !code`
    asks for the first, for one of the next, and for the absence of the last.
    """
    return all(
        (not wanted or not wanted.isdisjoint(found)) and not_wanted.isdisjoint(found)
        for wanted, not_wanted in _read(expression)
    )
