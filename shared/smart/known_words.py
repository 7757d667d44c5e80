"""The part of a server's sentence that a log may repeat: known words and short numbers.

RFC 6749 5.2 calls `error_description` human-readable text, so it may contain anything: names, ids,
tokens. What remains here is the vocabulary of OAuth, JWT and HTTP, and numbers of up to four
digits, in their order.
"""

import re

LONGEST = 300
_GAP = "…"
_PUNCTUATION = "\"'`“”‘’.,;:!?()[]{}<>"
_MOST_READ = 2_000  # characters
_NUMBER = re.compile(r"[0-9]{1,4}")
_VOCABULARY = """
a about above accept accepted access account active add added again ago ahead algorithm all
allowed already also an and another any app application applications are array as assertion at
attempt attempts aud audience auth authenticate authenticated authenticating authentication
authenticator authority authorization authorize authorized available away bad base base64 basic be
bearer because been before being below between blocked body both browser but by bytes cache cached
call callback called can cannot certificate chain challenge change changed character characters
check checked claim claims client client_assertion client_assertion_type client_credentials
client_id client_secret client_secret_basic client_secret_post clients clock code code_challenge
code_verifier communication company conditions confidential configuration configured conflict
connect connection consent contact contain contains content could couldn't create created
credential credentials current data date days decode decoded decoding decrypt default delete
deleted denied deny describe details did didn't different digest direct disabled disallowed
discovery do document does doesn't don't due during each ec either empty enabled encoded encoding
encryption end ended endpoint enough environment error errors es256 es384 exceeded exceeds exist
exists exp expected expiration expire expired expires expiry external fail failed failure false
family far fetch field fields firewall fixed flow follow for forbidden form format forwarded found
from future gateway gave generic get given grant grant_type granted grants had has hasn't have
header headers here hint host hour hours http https iat id identifier identity if illegal in
inactive incorrect ineligible info information insufficient internal interval invalid
invalid_client invalid_grant invalid_request invalid_scope invalid_token is isn't iss issue issued
issuer it its json jti jwk jwks jwt key keys keyset kid kind large last later launch least length
less level lifespan lifetime limit limited list load loaded loading location locked login long
longer lost maintenance malformed many match matched matches matching max maximum mechanism media
message method methods minute minutes mismatch mismatched missing mode modified more most multiple
must mutual name network new no nonce none not nothing null number oauth oauth2 object of off
offline offline_access on once one only opaque openid operation option or origin other out over
own owner page parameter parameters parse parsed parsing party password past path patient payload
per permission permissions permitted persona pkce please policy port post present prevented
previous private private_key_jwt problem process processed processing profile prohibited proof
protocol provide provided provider proxy public put query rate re-authenticate reached read realm
reason received recognized redirect redirect_uri redirection refresh refresh_token refreshed
refuse refused register registered registration reject rejected removed repeated replay replayed
request requested requests require required requires resolve resolved resource response
response_type responses restricted retrieve retrieved retry reuse reused revoked role roles
rotated rs256 rs384 rs512 rsa rule said same scope scopes second seconds secret secure security
seen sent server service services session set sha-256 short should shown sign signature signed
signing since single size skew slow software some someone source specified stale start started
state status stopped store string sub subject such support supported suspended syntax system
temporarily temporary tenant than that the their there these they this those throttled time timed
timeout times to token token_endpoint tokens too transaction true trust trusted try twice type
types unable unacceptable unauthorized unauthorized_client unavailable unexpected unique unknown
unreachable unreadable unrecognized unregistered unsupported unsupported_grant_type until up
update updated upstream uri url use used user username uses using valid validate validated
validation value values verification verified verifier verify version via violation wait was we
went were what when where which while who whose will window with within without wrong x509 x5c yet
you your
"""
_WORDS = frozenset(_VOCABULARY.split())


def known_words(text: str) -> str:
    """Return the known words and short numbers of a text, with `…` for everything else."""
    kept: list[str] = []
    for token in text[:_MOST_READ].split():
        bare = token.strip(_PUNCTUATION)
        known = bare.lower() in _WORDS or _NUMBER.fullmatch(bare)
        if known:
            kept.append(bare)
        elif kept[-1:] != [_GAP]:
            kept.append(_GAP)
    words = " ".join(kept)
    return "" if words == _GAP else words[:LONGEST]
