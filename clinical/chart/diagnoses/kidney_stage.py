"""The stage of chronic kidney disease that a problem lists (KDIGO 2012): by code, else by text."""

import re
from collections.abc import Mapping
from functools import cache

from clinical.chart.codes.systems import System, system_of
from clinical.chart.codes.tables import listed, rows
from clinical.chart.diagnoses.words import folded
from clinical.chart.resources.json_access import Coding, codings, names

_IN_WORDS = re.compile(r"\b(?:stage|ckd|g)\W{0,2}([1-5])\W?([ab]\b)?")


def listed_stage(concept: object) -> str:
    """`3`, `3a`, `3b`; empty where no stage is told, or one code tells another than the next."""
    coded = {stage for coding in codings(concept) if (stage := _of_code(coding))}
    if coded:
        return coded.pop() if len(coded) == 1 else ""
    told = {"".join(filter(None, one)) for name in names(concept) for one in _found(name)}
    return told.pop() if len(told) == 1 else ""


def _found(name: str) -> list[tuple[str, str]]:
    return _IN_WORDS.findall(folded(name))


def _of_code(coding: Coding) -> str:
    system = system_of(coding.system)
    if system is System.SNOMED:
        return _stages("snomed").get(coding.code, "")
    if system not in (System.ICD10, System.ICD10CM):
        return ""
    plain = coding.code.upper().replace(".", "")
    known = (plain[:length] for length in range(len(plain), 2, -1))
    return next((_stages("icd")[one] for one in known if one in _stages("icd")), "")


@cache
def _stages(column: str) -> Mapping[str, str]:
    return {
        code.replace(".", ""): row["stage"]
        for row in rows("kidney_stages")
        for code in listed(row, column)
    }
