"""The tree of errors, against the table of codes and statuses that the outside relies on."""

import re

import pytest

from shared import errors
from shared.errors import CodedError, RefreshFailed
from shared.errors.base import OWN_WORDS
from shared.explain import Cause
from shared.explain.catalogue.causes import KINDS
from tests.support.tables import each

# Codes and statuses as published.
TABLE = {
    code: status
    for status, codes in {
        400: (
            "launch_parameter_missing iss_missing iss_not_allowed parameter_repeated "
            "parameter_invalid state_missing state_unknown cookie_missing browser_mismatch "
            "issuer_mismatch ehr_error path_invalid ehr_refused"
        ),
        401: "session_missing session_expired cds_token_invalid",
        403: (
            "not_a_navigation cross_site scope_denied patient_denied patient_missing "
            "cds_server_denied"
        ),
        404: "not_found",
        405: "method_not_allowed",
        406: "not_acceptable",
        412: "cds_data_missing version_conflict",
        413: "too_large",
        415: "media_type_unsupported",
        500: "misconfigured",
        502: (
            "discovery_failed discovery_invalid token_error token_invalid id_token_invalid "
            "upstream_unreachable upstream_invalid"
        ),
        503: "overloaded refresh_failed cds_keys_unavailable store_unavailable",
        504: "upstream_timeout",
    }.items()
    for code in codes.split()
}
# Not in the table: an unexpected exception.
UNEXPECTED = {"internal_error": 500}

# Words of the protocol and of the configuration.
TERMS = re.compile(r"[`_=]|\b(?:iss|aud|scopes?|parameters?|tokens?|states?|URIs?|clients?)\b")


def leaves(parent: type[CodedError] = CodedError) -> list[type[CodedError]]:
    if "code" in vars(parent):
        return [parent]
    return [leaf for child in parent.__subclasses__() for leaf in leaves(child)]


def test_codes_and_statuses_are_those_of_the_table() -> None:
    statuses = [(leaf.code, leaf.status) for leaf in leaves()]
    assert sorted(statuses) == sorted((TABLE | UNEXPECTED).items())


@each("leaf", leaves(), ids=lambda leaf: leaf.__name__)
def test_every_error_says_what_why_and_what_to_do(leaf: type[CodedError]) -> None:
    error = RefreshFailed(5.0) if leaf is RefreshFailed else leaf()
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    for sentence in (error.title, error.why, *error.steps, error.plain_title, error.plain_why):
        assert sentence[0].isupper() or sentence[0] == "`"
        assert sentence.endswith(".")
    assert error.steps
    assert leaf.__doc__
    # An error that only programs see may use technical terms.
    if leaf.plainly is not OWN_WORDS or leaf.__module__.endswith((".launch", ".callback")):
        assert not TERMS.search(f"{error.plain_title} {error.plain_why}")


def test_an_error_without_words_for_clinicians_is_not_imported() -> None:
    words = {"title": "A title.", "why": "A reason."}
    with pytest.raises(TypeError, match="Wordless lacks plainly"):
        type("Wordless", (CodedError,), words, code="a_code", status=400)


@each("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_every_cause_is_told_to_a_clinician_without_a_term_of_the_protocol(kind: Cause) -> None:
    for sentence in (kind.plainly, kind.headline or "It failed.", *kind.first):
        assert re.fullmatch(r"[A-Z].*\.", sentence)
        assert not TERMS.search(sentence)


def test_an_instance_may_come_closer_to_the_case_without_touching_its_class() -> None:
    close = errors.EhrError("A title.", why="A reason.", steps=("A step.",), evidence={"a": "b"})
    far = errors.EhrError()
    assert (close.title, close.why, close.steps) == ("A title.", "A reason.", ("A step.",))
    assert far.title == errors.EhrError.title
    assert far.evidence == {}


def test_the_text_of_an_error_is_code_and_title_only() -> None:
    error = errors.EhrError(why="why", steps=("step",), evidence={"error_description": "evidence"})
    assert str(error) == f"ehr_error: {errors.EhrError.title}"


@each(("seconds", "header"), [(-1.0, 1), (0.0, 1), (0.2, 1), (4.01, 5)])
def test_whoever_is_told_to_wait_waits_long_enough(seconds: float, header: int) -> None:
    assert RefreshFailed(seconds).retry_after == header
