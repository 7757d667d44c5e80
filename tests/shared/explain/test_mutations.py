"""Damaged messages: never an exception, never a secret, never a sign that steers.

The suite makes two hundred, `make soak` ten thousand.
"""

import os
import random

from doctor import explain, explain_report
from doctor.output import Marks
from shared.explain import Diagnosis, diagnose, parse
from tests.support.ehr import ehr_messages
from tests.support.ehr.damaged import SECRETS, damaged

COUNT = 10_000 if os.environ.get("SOAK") else 200


def everything_shown(diagnosis: Diagnosis, shown_already: set[str]) -> str:
    """The answer for programs and what was read; for people too, where it is another answer."""
    answer, said = explain.as_json(diagnosis), repr(diagnosis.message)
    if answer in shown_already:
        return answer + said
    shown_already.add(answer)
    return answer + explain_report.as_text(diagnosis, "oracle", marks=Marks(on=False)) + said


def test_hundreds_of_mutations_end_well() -> None:
    chance = random.Random(7)
    known = 0
    answers: set[str] = set()
    for _ in range(COUNT):
        text = damaged(chance)
        diagnosis = diagnose(parse(text), None, chance.choice(([], [ehr_messages.REGISTERED])))
        known += bool(diagnosis.causes)
        shown = everything_shown(diagnosis, answers)
        low = shown.lower()
        assert not [one for one in SECRETS if one.lower() in low], ascii(text)
        assert shown.replace("\n", "").isprintable(), ascii(text)
    # Mutations that leave nothing to explain would test nothing.
    assert known > COUNT // 2
