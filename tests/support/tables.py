"""A table as one test: `@each` in place of `@pytest.mark.parametrize`, if rows can share fixtures.

A test for each row costs pytest more time than most rows take. Every row is checked, and the test
fails with the name and the reason of each failed row. `pytest -k` finds a row by words of its name,
and then runs only the rows that it finds.
"""

import contextlib
import functools
import inspect
import os
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from _pytest.mark.expression import Expression

from tests.support.app.whole import IS_WHOLE
from tests.support.browser.browser import Browser

Test = Callable[..., None]
# What `-k` asks for.
_asked: list[Expression] = []


def select(config: pytest.Config) -> None:
    """Run only the rows that `-k` finds. A test that has none of them runs all of its rows."""
    with contextlib.suppress(SyntaxError):  # pytest reports it.
        _asked[:] = [Expression.compile(one) for one in [config.option.keyword] if one]


def add_names(item: pytest.Item) -> None:
    """Make `-k` find a test by the names of its rows."""
    if _asked and (names := getattr(getattr(item, "function", None), "names", None)):
        item.extra_keyword_matches.update(names())


def _chosen(table: list[tuple[str, ParameterSet]]) -> list[tuple[str, ParameterSet]]:
    test = os.environ["PYTEST_CURRENT_TEST"]

    def is_asked(name: str) -> bool:
        where = f"{test} {name}".lower()

        def has(word: str, /, **_: object) -> bool:
            return word.lower() in where

        return all(one.evaluate(has) for one in _asked)

    return [one for one in table if is_asked(one[0])] or table


def each(
    names: str | Iterable[str],
    rows: Iterable[Any] | Callable[[], Iterable[Any]],
    *,
    ids: Collection[object] | Callable[[Any], object] = repr,
) -> Callable[[Test], Test]:
    """Call a test with each row. Takes the arguments of parametrize.

    All rows share fixtures, except `browser`: each row has a new one. For a table that takes time
    to make, pass a function, which is called when the test runs.
    """
    asked = [one.strip() for one in names.split(",")] if isinstance(names, str) else list(names)
    alone = isinstance(names, str) and len(asked) == 1
    given = rows if callable(rows) else list(rows)

    def there() -> list[tuple[str, ParameterSet]]:
        listed = given() if callable(given) else given
        table = [ParameterSet.extract_from(row, force_tuple=alone) for row in listed]
        named = [_name(row, ids) for row in table] if callable(ids) else [str(one) for one in ids]
        assert len(named) == len(table) > 0
        # The only mark: a row may need files that were removed (tests/support/app/whole.py).
        return [
            (name, row) for name, row in zip(named, table, strict=True) if IS_WHOLE or not row.marks
        ]

    def of_all(test: Test) -> Test:
        @functools.wraps(test)
        def every(**fixtures: Any) -> None:
            failed: dict[str, BaseException] = {}
            table = _chosen(there())
            for name, row in table:
                own = {key: _for_a_row(value) for key, value in fixtures.items()}
                try:
                    test(**own, **dict(zip(asked, row.values, strict=True)))
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - told below
                    failed[name] = error
            if failed:
                told = "\n".join(f"[{name}] {error!r}" for name, error in failed.items())
                message = f"{len(failed)} of {len(table)} rows:\n{told}"
                raise AssertionError(message) from next(iter(failed.values()))

        inner = vars(test).get("names", list)
        vars(every)["names"] = lambda: [*inner(), *(name for name, _ in there())]
        known = inspect.signature(test)
        rest = [one for name, one in known.parameters.items() if name not in asked]
        vars(every)["__signature__"] = known.replace(parameters=rest)
        return every

    return of_all


def _name(row: ParameterSet, of: Callable[[Any], object]) -> str:
    return str(row.id) if row.id else ", ".join(str(of(value)) for value in row.values)


def _for_a_row(fixture: Any) -> Any:
    return Browser() if isinstance(fixture, Browser) else fixture
