"""The races of many requests, requests of all kinds, and the pages of many charts, again and again.

`python -m tests.soak [ROUNDS]`, the first part of `make soak`. Before them once, whole, what the
suite samples, and the core without the calculators: a copy of the repository, linted and tested.

A line for each race of each round; the exit status is not 0 if one of them, or a page, failed once.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests import charts_at_large
from tests.support.app import core
from tests.support.app.servers import ROOT
from tests.support.cloud.gcloud import GCLOUD

ROUNDS = 20
FIRESTORE_CALLBACKS = "test_a_whole_launch_and_a_race_of_twenty_callbacks_over_two_instances"
RAW_EXCHANGES = "test_every_answer_is_ours_and_no_log_line_holds_handle_or_patient"
RACES = (
    "tests/functions/sessions/test_races.py",
    "tests/functions/callback/test_race.py",
    f"tests/functions/test_on_firestore.py::{FIRESTORE_CALLBACKS}",
    f"tests/deploy/test_raw_exchanges.py::{RAW_EXCHANGES}",
)

NEEDS_GCLOUD = "tests/deploy/test_mutilated_guide.py"
# The suite runs a sample of these, or fewer rounds of each. `make soak` runs all faults of the
# simulated EHR, and compares headline, cause and fix with that EHR's trace.
WHOLE = (
    "tests/deploy/test_log_lines.py",
    "tests/functions/explain/test_damaged_answers.py",
    "tests/functions/explain/test_every_fault.py",
    "tests/functions/smart_calc/test_awaited.py",
    "tests/shared/fhir/test_quick_accept.py",
    "tests/shared/own/test_same_decisions.py",
    "tests/functions/sessions/test_interleavings.py",
    "tests/functions/test_cold_store.py",
    "tests/shared/explain/test_mutations.py",
    "tests/shared/explain/test_variants.py",
    NEEDS_GCLOUD,
    *(
        str(one.relative_to(ROOT))
        for one in sorted((ROOT / "tests").rglob("test_*.py"))
        if "import given" in one.read_text("utf-8")
    ),
)


class Repeat:
    """A plugin that makes every test one of many rounds."""

    def __init__(self, rounds: int) -> None:
        self._rounds = range(1, rounds + 1)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        metafunc.fixturenames.append("soak_round")
        metafunc.parametrize("soak_round", self._rounds, ids=lambda number: f"round {number}")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    os.environ["SOAK"] = "1"
    whole = [one for one in WHOLE if GCLOUD or one != NEEDS_GCLOUD]
    if pytest.main(["-q", *whole]):
        sys.exit(1)
    with tempfile.TemporaryDirectory() as place:
        if core.check(Path(place)):
            sys.exit(1)
    raced = pytest.main(["-v", *RACES], plugins=[Repeat(wanted)])
    # 25 charts a round: 500 of them by default.
    sys.exit(raced or charts_at_large.random_charts(25 * wanted))
