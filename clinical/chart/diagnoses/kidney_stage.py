"""The chronic kidney disease stage of a problem (KDIGO 2012): by code, otherwise by text."""

from collections.abc import Iterator, Mapping
from functools import cache

from clinical.chart.codes.systems import System, system_of
from clinical.chart.codes.tables import listed, rows
from clinical.chart.diagnoses.words import folded
from clinical.chart.resources.json_access import Coding, codings, names
from shared.patterns import pattern

# "a/w" and "b/l" are other words.
_STAGE = r"([1-5](?!\d)|(?:i{1,3}|iv|v)(?=[ab]?\b))(?:\W?([ab]\b)(?!/[a-z]))?"
_IN_WORDS = pattern(
    rf"\b(?:stages?|ckd|g)\W{{0,2}}{_STAGE}"
    rf"(?:\s?(?:[-/\u2013]|to|through)\s?(?:stage\s|g)?{_STAGE})?"
)
# From mild to severe. Stage 3 without a letter may be 3b.
SEVERITY: Mapping[str, int] = {"1": 1, "2": 2, "3a": 3, "3": 4, "3b": 5, "4": 6, "5": 7}
_COLUMNS = {System.ICD10: "icd", System.ICD10CM: "icd", System.ICD9CM: "icd9"}
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}


def listed_stage(concept: object) -> str:
    """Return the stage, such as `3b`; of several, the worst, which prevents the most cards."""
    coded = {stage for coding in codings(concept) if (stage := _of_code(coding))}
    stages = coded or {stage for name in names(concept) for stage in _found(name)}
    if "3a" in stages:
        # 3a tells which stage 3 is meant.
        stages.discard("3")
    return max(stages, key=SEVERITY.__getitem__, default="")


def _found(name: str) -> Iterator[str]:
    for number, part, last, last_part in _IN_WORDS.findall(folded(name)):
        first, end = _stage(number, part), _stage(last, last_part)
        # "Stage 1 through 4" is ICD-10-CM's title for unspecified disease (I12.9, I13.10).
        if (first, end) != ("1", "4"):
            yield from filter(None, (first, end))


def _stage(number: str, part: str) -> str:
    """Return a valid stage: a letter after 4 or 5 means something else."""
    plain = _ROMAN.get(number, number)
    return plain + part if plain + part in SEVERITY else plain


def _of_code(coding: Coding) -> str:
    system = system_of(coding.system)
    if system is System.SNOMED:
        return _stages("snomed").get(coding.code, "")
    if system not in _COLUMNS:
        return ""
    stages = _stages(_COLUMNS[system])
    plain = coding.code.upper().replace(".", "")
    known = (plain[:length] for length in range(len(plain), 2, -1))
    return next((stages[one] for one in known if one in stages), "")


@cache
def _stages(column: str) -> Mapping[str, str]:
    return {
        code.replace(".", ""): row["stage"]
        for row in rows("kidney_stages")
        for code in listed(row, column)
    }
