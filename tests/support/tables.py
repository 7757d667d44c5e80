"""A table as one test: `@each` in place of `@pytest.mark.parametrize`, if rows can share fixtures.

A test for each row costs pytest more time than most rows take. Every row is checked, and the test
fails with the name and the reason of each failed row.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests.support.app.whole import IS_WHOLE
from tests.support.browser.browser import Browser

Test = Callable[..., None]


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
            table = there()
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

        known = inspect.signature(test)
        rest = [one for name, one in known.parameters.items() if name not in asked]
        vars(every)["__signature__"] = known.replace(parameters=rest)
        return every

    return of_all


def _name(row: ParameterSet, of: Callable[[Any], object]) -> str:
    return str(row.id) if row.id else ", ".join(str(of(value)) for value in row.values)


def _for_a_row(fixture: Any) -> Any:
    return Browser() if isinstance(fixture, Browser) else fixture
