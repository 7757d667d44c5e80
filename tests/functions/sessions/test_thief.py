"""What a thief gets with each thing that may be stolen (docs/sessions.md tells it in words)."""

import base64
import json
import re

import pytest

from shared.sealing import SealBroken, Sealer
from shared.session import record
from tests.support.app.app import Launched
from tests.support.app.clusters import Pair, launch
from tests.support.browser.browser import Browser
from tests.support.ehr.rotating_ehr import RotatingEhr

WORD = re.compile(r"[A-Za-z0-9_-]{8,}")


@pytest.fixture
def launched(pair: Pair, ehr: RotatingEhr) -> Launched:
    opened = launch(pair.first, ehr.tenant)
    assert opened.browser.fetch(f"{opened.fhir_base}/Patient/p1").status == 200
    return opened


def _sealer(pair: Pair) -> Sealer:
    return Sealer((base64.urlsafe_b64decode(pair.sealing_key + "="),))


def _secret(launched: Launched) -> str:
    return launched.browser.cookies()[f"__Host-smart-{launched.handle}"].rpartition(".")[2]


def _sealed(pair: Pair, launched: Launched) -> str:
    return str(pair.records()[record.key(launched.handle)]["sealed"])


def test_the_database_the_server_key_and_the_log_open_no_token(
    pair: Pair, launched: Launched
) -> None:
    """The attacker also has the handles, which are in URLs, and tries every word in the loot."""
    sealer, sealed = _sealer(pair), _sealed(pair, launched)
    loot = json.dumps(pair.records()) + pair.first.server.log.read_text(encoding="utf-8")
    key = record.key(launched.handle)
    words = {*WORD.findall(loot), pair.sealing_key, launched.handle, key, ""}
    assert len(words) > 20
    contexts = (f"session {launched.handle} 1", f"session {key} 1", "")
    for word in words:
        for context in contexts:
            with pytest.raises(SealBroken):
                sealer.open(sealed, word.encode(), context)
    # With the browser's part it does open: the attempts were made on the real thing.
    opened = json.loads(sealer.open(sealed, _secret(launched).encode(), contexts[0]))
    assert opened["access_token"].startswith("access-")


def test_the_cookie_and_the_database_open_no_token_without_the_server_key(
    pair: Pair, launched: Launched
) -> None:
    foreign = Sealer((b"k" * 32,))
    for context in (f"session {launched.handle} 1", ""):
        with pytest.raises(SealBroken):
            foreign.open(_sealed(pair, launched), _secret(launched).encode(), context)


def test_the_database_tells_of_a_session_its_ehr_its_times_and_nothing_else(
    pair: Pair, launched: Launched, ehr: RotatingEhr
) -> None:
    fields = pair.records()[record.key(launched.handle)]
    assert set(fields) == {
        "schema",
        "ehr",
        "version",
        "last_used",
        "lease_owner",
        "lease_until",
        "retry_at",
        "sealed",
    }
    assert fields["ehr"] == "scripted"
    text = json.dumps(fields)
    for hidden in ('"p1"', ehr.tenant.base, ehr.grant.refresh_token, *ehr.grant.access):
        assert hidden not in text


def test_a_stolen_cookie_serves_until_the_session_ends_and_shows_no_token(
    pair: Pair, launched: Launched, ehr: RotatingEhr
) -> None:
    thief = Browser({"localhost": dict(launched.browser.cookies())})
    shown = ""
    for path in ("Patient/p1", "session", "Patient/p2"):
        answer = thief.fetch(f"{launched.fhir_base}/{path}")
        shown += answer.text + str(answer.headers)
    for token in (ehr.grant.refresh_token, *ehr.grant.access):
        assert token not in shown
    own = {"Sec-Fetch-Site": "same-origin"}
    assert launched.browser.send("DELETE", f"{launched.fhir_base}/session", own).status == 204
    assert thief.fetch(f"{launched.fhir_base}/Patient/p1").code == "session_expired"


def test_the_log_of_a_session_names_it_by_a_mark_that_opens_nothing(
    pair: Pair, launched: Launched
) -> None:
    log = pair.first.server.log.read_text(encoding="utf-8")
    marks = {str(line["session"]) for line in pair.first.log_lines() if "session" in line}
    assert marks
    for hidden in (launched.handle, record.key(launched.handle), _secret(launched)):
        assert hidden not in log
    for mark in marks:
        url = f"{pair.first.origin}/fhir_proxy/{mark}/session"
        assert launched.browser.fetch(url).code == "path_invalid"


@pytest.mark.parametrize("destination", ["document", "iframe", "image", "script", "object"])
def test_a_page_of_another_site_gets_nothing_by_framing_or_embedding_an_address(
    launched: Launched, destination: str
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": destination}
    for path in ("Patient/p1", "session"):
        answer = launched.browser.get(f"{launched.fhir_base}/{path}", headers)
        assert (answer.status, answer.code) == (403, "cross_site")
        assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"
        assert answer.header("Content-Security-Policy") == "default-src 'none'; sandbox"
