"""Every entry of the catalogue is found by a message such as its EHR sends."""

import re
import time
from collections import Counter
from typing import get_args

from shared.explain.catalogue import ENTRIES, causes
from shared.explain.diagnosis import diagnose
from shared.explain.model import CauseId, Entry
from shared.explain.parsing import urns
from shared.explain.parsing.find import matches
from shared.explain.parsing.parse import parse
from tests.support.ehr import ehr_messages
from tests.support.ehr.known_messages import BY_KEY, MESSAGES, WORDED
from tests.support.tables import each

# What a status, a call or a person's account tells, and no message of a server.
OF_AN_ACCOUNT = {"scope_version_mismatch"}
PATTERNS = [(entry.key, pattern) for entry in ENTRIES for pattern in entry.patterns]


def texts_of(entry: Entry) -> list[str]:
    of_causes = [text for cause in entry.causes for text in (cause.title, cause.why, *cause.steps)]
    return [entry.says, entry.meaning, *of_causes]


@each(("key", "text", "vendor"), MESSAGES)
def test_a_message_is_explained_by_its_entry(key: str, text: str, vendor: str | None) -> None:
    said = parse(text)
    matching = [one.entry for one in matches(said, vendor or said.vendor)]
    assert [entry.key for entry in matching][:1] == [key]
    if vendor is None:
        diagnosis = diagnose(said)
        assert diagnosis.meaning.startswith(BY_KEY[key].meaning)
        assert {cause.id for cause in diagnosis.causes} & {c.id for c in BY_KEY[key].causes}


def test_every_entry_has_a_message() -> None:
    assert {key for key, _, _ in MESSAGES} >= {entry.key for entry in WORDED}


@each("cause", get_args(CauseId))
def test_every_cause_has_its_text_and_an_error_that_leads_to_it(cause: CauseId) -> None:
    assert causes.KINDS[cause].id == cause
    told = any(cause == one.id for entry in ENTRIES for one in entry.causes)
    assert told is (cause not in OF_AN_ACCOUNT)


def test_keys_urns_and_codes_are_unique() -> None:
    keys = Counter(entry.key for entry in ENTRIES)
    named = Counter(urn for entry in ENTRIES for urn in entry.urns)
    codes = Counter(
        (entry.vendor, entry.where, code) for entry in ENTRIES for code in entry.oauth_errors
    )
    says = Counter(entry.says for entry in ENTRIES)
    assert [
        one for counter in (keys, named, codes, says) for one, n in counter.items() if n > 1
    ] == []


def test_every_urn_is_in_its_normal_form() -> None:
    written = [urn for entry in ENTRIES for urn in entry.urns]
    assert written == [urns.normal(urn) for urn in written]


@each("entry", ENTRIES, ids=lambda entry: entry.key)
def test_an_entry_is_complete_and_plain(entry: Entry) -> None:
    assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", entry.key)
    assert entry in WORDED or entry.statuses
    assert entry.causes
    assert len({cause.id for cause in entry.causes}) == len(entry.causes)
    assert all(cause.steps and cause.source for cause in entry.causes)
    for text in texts_of(entry):
        assert text.strip() == text
        assert 3 <= len(text) <= 400
        assert not re.search(r"[<>]|https?://(?!HOST)", text)
        # Outside of code, the text has nothing that Markdown would read as markup. (GitHub ignores
        # underscores within a word.)
        prose = re.sub(r"`[^`]*`", "", text.replace(entry.says, ""))
        assert not re.search(r"[*|\[\]#~\\]|(?<!\w)_|_(?!\w)", prose)
        assert text.count("`") % 2 == 0
    assert "`" not in entry.says


@each("entry", ENTRIES, ids=lambda entry: entry.key)
def test_what_is_inferred_is_never_certain(entry: Entry) -> None:
    rank = {"certain": 0, "likely": 1, "possible": 2}
    assert [rank[one.certainty] for one in entry.causes] == sorted(
        rank[one.certainty] for one in entry.causes
    )
    for cause in entry.causes:
        if cause.certainty == "certain":
            assert not cause.source.startswith("inferred")


@each(("key", "pattern"), PATTERNS)
def test_a_pattern_speaks_of_its_entry_and_ends_soon(key: str, pattern: str) -> None:
    """Use 50 kB of text that almost matches, and measure only this process's time."""
    match = next(
        (
            match
            for one, text, _ in MESSAGES
            if one == key
            for level in (text, parse(text).description or "")
            if (match := re.search(pattern, level, re.IGNORECASE))
        ),
        None,
    ) or re.search(pattern, parse_all(key), re.IGNORECASE)
    assert match is not None
    for part in (match[0][:-1], match[0][: len(match[0]) // 2 + 1]):
        hostile = part * (50_000 // len(part))
        assert any(_seconds(pattern, hostile) < 0.25 for _ in range(3))


def parse_all(key: str) -> str:
    return "\n".join(parse(text).text for one, text, _ in MESSAGES if one == key)


def _seconds(pattern: str, text: str) -> float:
    begun = time.process_time()
    re.search(pattern, text, re.IGNORECASE)
    return time.process_time() - begun


def test_what_an_answer_calls_certain_is_not_told_as_a_guess() -> None:
    guesses = re.compile(r"\b(?:seems?|perhaps|probably|may be because)\b")
    diagnosis = diagnose(parse(ehr_messages.FIRST_REPORT))
    certain = [one for one in diagnosis.causes if one.certainty == "certain"]
    certain += [one for entry in ENTRIES for one in entry.causes if one.certainty == "certain"]
    assert certain
    assert [one.why for one in certain if guesses.search(one.why)] == []
