"""What a log may repeat of a server's sentence: no names, even where they are words, and no ids."""

from shared.smart.known_words import known_words
from tests.support.tables import each


@each(
    ("text", "kept"),
    [
        ("User Max Long was denied", "User … was denied"),
        ("Max Long was denied.", "… was denied"),
        ("USER LONG, MAX: access denied", "USER … access denied"),
        ("Denied for Dr. Long", "Denied for …"),
        ("Unknown user (Will). Please check", "Unknown user … Please check"),
    ],
)
def test_a_name_that_is_a_word_is_not_repeated(text: str, kept: str) -> None:
    assert known_words(text) == kept


@each("named", ["patient", "User", "person", "account", "MRN", "id", "patient with id", "user Ann"])
def test_no_number_is_repeated_that_may_be_somebodys_id(named: str) -> None:
    assert "1234" not in known_words(f"Access denied: {named} 1234 is not allowed")


@each(
    "text",
    [
        *("502 Bad Gateway", "503 Service Temporarily Unavailable", "Access Denied"),
        "Client Assertion Invalid JWT Signature verification failed",
        *("Token expired 3600 seconds ago", "Code not valid", "406 Not Acceptable"),
    ],
)
def test_titles_and_technical_sentences_are_repeated_whole(text: str) -> None:
    assert known_words(text) == text
