"""Reduce a server's message to the parts that may be logged: known words and short numbers.

RFC 6749 5.2 calls `error_description` human-readable text, so it may contain names, ids or tokens.
Only the vocabulary of OAuth, JWT and HTTP is kept, and numbers of up to four digits. Because names
can be words (Max Long), a capitalized word is kept only if it starts a sentence or is a technical
term. A number soon after a word such as patient or id is removed.
"""

from shared.patterns import pattern

LONGEST = 300
_GAP = "…"
_PUNCTUATION = "\"'`“”‘’.,;:!?()[]{}<>"
_MOST_READ = 2_000  # characters
_NUMBER = pattern(r"[0-9]{1,4}")
# Words that are kept even if capitalized: protocol terms, reason phrases (RFC 9110 15), articles,
# but no words that are common names.
_TERMS = """
access acceptable algorithm allowed application assertion aud audience authenticate authentication
authorization authorize authorized bad bearer blocked certificate claim client client_assertion
client_id client_secret code conflict content credential credentials denied endpoint error es256
es384 exp expired failed forbidden found gateway http https iat id identifier internal invalid
invalid_client invalid_grant invalid_request invalid_scope invalid_token iss issuer jti json jwk
jwks jwt kid length maintenance media method missing not oauth oauth2 openid parameter password
permission pkce please policy proxy redirect redirect_uri rejected request requests required
response rs256 rs384 rs512 rsa scope scopes secret security server service session signature
temporarily the this timeout token too type unable unauthorized unauthorized_client unavailable
unknown unsupported unsupported_grant_type uri url user username validation x509 your
"""
# A number within `_NEAR` words after one of these may be an id.
_NAMING = """
account id identifier member mrn number patient patients person record sub subject user username
users
"""
_NEAR = 3
_SENTENCE_END = pattern(r"[.!?][\"'”’)\]]*$")
_VOCABULARY = """
a about above accept accepted account active add added again ago ahead all already also an and
another any app applications are array as at attempt attempts auth authenticated authenticating
authenticator authority available away base base64 basic be because been before being below between
body both browser but by bytes cache cached call callback called can cannot chain challenge change
changed character characters check checked claims client_assertion_type client_credentials
client_secret_basic client_secret_post clients clock code_challenge code_verifier communication
company conditions confidential configuration configured connect connection consent contact contain
contains could couldn't create created current data date days decode decoded decoding decrypt
default delete deleted deny describe details did didn't different digest direct disabled disallowed
discovery do document does doesn't don't due during each ec either empty enabled encoded encoding
encryption end ended enough environment errors exceeded exceeds exist exists expected expiration
expire expires expiry external fail failure false family far fetch field fields firewall fixed flow
follow for form format forwarded from future gave generic get given grant grant_type granted grants
had has hasn't have header headers here hint host hour hours identity if illegal in inactive
incorrect ineligible info information insufficient interval is isn't issue issued it its key keys
keyset kind large last later launch least less level lifespan lifetime limit limited list load
loaded loading location locked login long longer lost malformed many match matched matches matching
max maximum mechanism message methods minute minutes mismatch mismatched mode modified more most
multiple must mutual name network new no nonce none nothing null number object of off offline
offline_access on once one only opaque operation option or origin other out over own owner page
parameters parse parsed parsing party past path patient payload per permissions permitted persona
port post present prevented previous private private_key_jwt problem process processed processing
profile prohibited proof protocol provide provided provider public put query rate re-authenticate
reached read realm reason received recognized redirection refresh refresh_token refreshed refuse
refused register registered registration reject removed repeated replay replayed requested require
requires resolve resolved resource response_type responses restricted retrieve retrieved retry reuse
reused revoked role roles rotated rule said same second seconds secure seen sent services set
sha-256 short should shown sign signed signing since single size skew slow software some someone
source specified stale start started state status stopped store string sub subject such support
supported suspended syntax system temporary tenant than that their there these they those throttled
time timed times to token_endpoint tokens transaction true trust trusted try twice types
unacceptable unexpected unique unreachable unreadable unrecognized unregistered until up update
updated upstream use used uses using valid validate validated value values verification verified
verifier verify version via violation wait was we went were what when where which while who whose
will window with within without wrong x5c yet you
"""
_TERM_WORDS = frozenset(_TERMS.split())
_WORDS = _TERM_WORDS.union(_VOCABULARY.split())
_NAMING_WORDS = frozenset(_NAMING.split())


def known_words(text: str) -> str:
    """Return the known words and short numbers of a text, with `…` for everything else."""
    kept: list[str] = []
    tokens = text[:_MOST_READ].split()
    words = [token.strip(_PUNCTUATION) for token in tokens]
    begins, since_named = True, _NEAR
    for number, word in enumerate(words):
        if _NUMBER.fullmatch(word):
            known = since_named >= _NEAR
        else:
            # Two capitalized words in a row are a name, anywhere in the text.
            named = any(map(_is_name, words[number + 1 : number + 2]))
            known = word.lower() in _WORDS and (not _is_name(word) or (begins and not named))
        since_named = 0 if word.lower() in _NAMING_WORDS else since_named + 1
        # If an unknown word ends a sentence, it may be an abbreviation: Dr. Long.
        begins = known and _SENTENCE_END.search(tokens[number]) is not None
        if known:
            kept.append(word)
        elif kept[-1:] != [_GAP]:
            kept.append(_GAP)
    shown = " ".join(kept)
    return "" if shown == _GAP else shown[:LONGEST]


def _is_name(word: str) -> bool:
    """Return whether a word is capitalized and isn't a technical term."""
    return word != word.lower() and word.lower() not in _TERM_WORDS
