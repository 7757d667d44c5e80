"""Every cache is in docs/performance.md, "What an instance keeps", with its limit in bytes."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import _lru_cache_wrapper
from typing import Any

from clinical.calculators import units
from clinical.chart import observations
from clinical.chart.resources import times
from shared.fhir import page_links
from shared.footprint import footprint
from shared.inbound import compression, edge
from shared.session import record
from shared.smart import launches
from tests.support.app.servers import ROOT

PRODUCT = ("shared", "functions", "clinical", "gateway")
DOCUMENT = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
SECTION = DOCUMENT.partition("## What an instance keeps\n")[2].partition("\n## ")[0]
# What is cached for the arguments that the code itself has, each once.
FROM_THE_CODE = {
    "any_case": "patterns of the code and the catalogue",
    "_endings": "the catalogue's URNs",
    "_read": "the catalogue's expressions",
    "_environment": "folders of templates",
    "_formula": "calculators",
    "_hash": "scripts of our pages",
    "_init_of": "numbers of fields",
    "names_behind": "calculators",
    "_prefixes": "code systems and columns of code lists",
    "_stages": "columns of code lists",
    "rows": "code lists",
    "searches": "vendors",
}


def _caches() -> Iterator[tuple[str, str, ast.expr, bool]]:
    """The file and name of each function with a cache, the cache, and whether it has arguments."""
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text if "cache" in text else "")):
                place = str(path.relative_to(ROOT))
                if isinstance(node, ast.FunctionDef):
                    for one in node.decorator_list:
                        if _is_cache(one):
                            yield place, node.name, one, bool(node.args.args)
                if (
                    isinstance(node, ast.Assign)
                    and isinstance(node.value, ast.Call)
                    and _is_cache(node.value.func)
                ):
                    yield place, ast.unparse(node.targets[0]), node.value.func, True


def _is_cache(one: ast.expr) -> bool:
    name = one.func if isinstance(one, ast.Call) else one
    return isinstance(name, ast.Name) and name.id in {"cache", "lru_cache"}


def test_every_function_with_a_cache_has_a_limit_that_the_document_names() -> None:
    known = set(
        re.findall(r"`(\w+)` in `((?:shared|functions|clinical|gateway)/[\w/]+\.py)`", SECTION)
    )
    for place, name, one, has_arguments in _caches():
        if isinstance(one, ast.Call):
            assert (name, place) in known, f"{name} in {place}"
            assert any(keyword.arg == "maxsize" for keyword in one.keywords)
            known.discard((name, place))
        elif has_arguments:
            assert name in FROM_THE_CODE, f"{name} in {place} has no limit"
    assert known == set()


def _urls(number: int) -> tuple[str]:
    return (f"https://ehr.test/{number:05}" + "/x" * 980,)


def _granted(number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(f"user/A{chr(65 + one % 26)}{one:04}.r" for one in range(number, 350 + number)), (
        "user/*.r",
    )


# Caches of what comes from outside: the longest arguments that reach them, and the most bytes.
# A header has at most 8,190 bytes, gunicorn's limit.
LONGEST: list[tuple[Any, Callable[[int], tuple[Any, ...]], int]] = [
    (units._plain, lambda number: (f"{number:050}",), 1_000_000),
    (times._moment, lambda number: (f"2026-01-02T03:04:05.{number:06}+01:00", None), 2_000_000),
    (observations._at, lambda number: (datetime.fromtimestamp(number, UTC),), 1_000_000),
    (compression.taken, lambda number: (f"{number:08190}",), 1_000_000),
    (edge._accepts_json, lambda number: (f"{number:08190}",), 1_000_000),
    (launches._encoded, lambda number: (f"{number:05}" + ":" * 1995,), 3_000_000),
    (page_links._place_of_endpoint, _urls, 6_000_000),
    (record._effective, _granted, 12_000_000),
]


def test_caches_of_what_comes_from_outside_stay_within_their_bytes() -> None:
    for cached, arguments, most in LONGEST:
        assert isinstance(cached, _lru_cache_wrapper)
        size = cached.cache_info().maxsize or 0
        assert 0 < size <= 4096
        one = arguments(1)
        assert size * (footprint(one) + footprint(cached.__wrapped__(*one))) <= most
