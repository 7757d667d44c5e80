"""What an `error` code of an authorization response is said to mean."""

import pytest

from shared import explain
from shared.errors import RELAUNCH

# RFC 6749 4.1.2.1; OpenID Connect Core 1.0 3.1.2.6; invalid_client as EHRs send it.
KNOWN = {
    "access_denied": "declined",
    "invalid_request": "parameter",
    "invalid_scope": "scope",
    "unauthorized_client": "not registered for this kind of launch",
    "invalid_client": "client id",
    "unsupported_response_type": "authorization code flow",
    "server_error": "failed",
    "temporarily_unavailable": "busy",
    "login_required": "sign in",
    "interaction_required": "sign in",
    "account_selection_required": "sign in",
    "consent_required": "agree",
}
UNKNOWN = ["", "x", "ACCESS_DENIED", "request_uri_not_supported", "<svg>", "a" * 5000]


@pytest.mark.parametrize(("code", "words"), KNOWN.items())
def test_each_standard_code_is_explained_in_its_own_words(code: str, words: str) -> None:
    assert words in explain.oauth_error(code).why


@pytest.mark.parametrize("code", [*KNOWN, *UNKNOWN])
def test_every_explanation_says_to_launch_again(code: str) -> None:
    steps = " ".join(explain.oauth_error(code).steps).lower()
    assert "launch the app again" in steps


@pytest.mark.parametrize("code", UNKNOWN)
def test_an_unknown_code_is_explained_as_unknown(code: str) -> None:
    explanation = explain.oauth_error(code)
    assert "not known here" in explanation.why
    assert explanation.steps[0] == RELAUNCH
    assert not code or f"{code} " not in f"{explanation.why} "
