"""Read a TOML table's values by name and type, and collect all problems with them."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from shared.findings import Finding
from shared.frozen import dataclass

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+")


@dataclass(frozen=True, slots=True)
class Problem(Finding):
    """One problem with a configuration, and its place.

    `id` is the code that a process prints before it exits. `make doctor` uses `finding` instead, if
    it isn't empty.
    """

    place: str = ""
    finding: str = ""

    @classmethod
    def at(cls, id_: str, place: str, what: str, step: str, finding: str = "") -> "Problem":
        """Return a problem with the setting at a place, and the step that fixes it."""
        return cls(id_, f"{place}: {what}.", (step,), place=place, finding=finding)

    def __str__(self) -> str:
        return f"{self.title.removesuffix('.')} [{self.id}]\n    {self.fix}"


_Kind = TypeVar("_Kind")
_Default = TypeVar("_Default")
_Choice = TypeVar("_Choice", bound=str)


class TomlTable:
    """A TOML table that returns values by name and type, and collects problems. `described` is
    where its settings are.
    """

    def __init__(
        self,
        table: dict[str, Any],
        prefix: str,
        problems: list[Problem],
        described: str = "docs/configuration.md",
    ) -> None:
        self._rest = dict(table)
        self._known: list[str] = []
        self._prefix = prefix
        self._described = described
        self.problems = problems
        self.faulty: set[str] = set()

    def problem(self, name: str, what: str, step: str, id_: str = "setting_invalid") -> None:
        """Record a problem with the setting `name` of this table."""
        self.faulty.add(name)
        self.problems.append(Problem.at(id_, f"{self._prefix}{name}", what, step))

    def take(
        self, name: str, kind: type[_Kind], default: _Default, *, required: bool = False
    ) -> _Kind | _Default:
        """Return the value of a setting, or the default if it's missing or has another type."""
        self._known.append(name)
        value = self._rest.pop(name, None)
        if value is None:
            if required:
                self.problem(name, "is missing", f"Add the setting. See {self._described}.")
            return default
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.problem(name, f"must be {_NAMES[kind]}", "Correct the type of the value.")
            return default
        return value

    def text(
        self,
        name: str,
        default: str = "",
        pattern: str = r"[^\x00-\x1f]+",
        form: str = "text of one or more characters, without control characters",
        *,
        required: bool = False,
    ) -> str:
        """Return a text that matches `pattern`, which `form` describes in words."""
        value = self.take(name, str, None, required=required)
        if value is None:
            return default
        if not re.fullmatch(pattern, value):
            if re.fullmatch(pattern, value.strip()):
                what = f"starts or ends with a space: {value[:200]!r}"
                self.problem(name, what, f"Write {value.strip()[:200]!r}.")
            else:
                self.problem(name, f"is not {form}", "Correct or remove the value.")
            return default
        return value

    def choice(self, name: str, default: _Choice, choices: tuple[_Choice, ...]) -> _Choice:
        """Return one of `choices`."""
        value = self.take(name, str, default)
        for choice in choices:
            if value == choice:
                return choice
        self.problem(name, "is not an allowed value", f"Use one of: {', '.join(choices)}.")
        return default

    def optional_choice(self, name: str, choices: tuple[_Choice, ...]) -> _Choice | None:
        """Return one of `choices`, or None if the setting is absent."""
        if name in self._rest:
            return self.choice(name, choices[0], choices)
        self._known.append(name)
        return None

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return a number from `low` to `high`, integers included."""
        value: float = self.take(name, (int | float), default)  # type: ignore[arg-type]
        if not low <= value <= high:
            self.problem(name, "is out of range", f"Use a number from {low:g} to {high:g}.")
            return default
        return float(value)

    def texts(self, name: str, pattern: re.Pattern[str], form: str) -> list[str]:
        """Return the texts of a list. Each must match `pattern`, which `form` describes."""
        return self.optional_texts(name, pattern, form) or []

    def optional_texts(self, name: str, pattern: re.Pattern[str], form: str) -> list[str] | None:
        """Return the texts of such a list, or None if the setting is missing."""
        values = self.take(name, list, None)
        if values is None:
            return None
        good: list[str] = []
        for index, value in enumerate(values):
            if isinstance(value, str) and pattern.fullmatch(value):
                good.append(value)
            else:
                self.problem(f"{name}[{index}]", f"is not {form}", "Correct or remove the value.")
        return good

    def entries(self, name: str, remedy: str, id_: str = "setting_invalid") -> list[Any]:
        """Return the entries of a list that must not be empty. `remedy` shows how to write it."""
        self._known.append(name)
        value = self._rest.pop(name, [])
        if isinstance(value, list) and value:
            return value
        self.problem(name, "must be a list with at least one entry", remedy, id_)
        return []

    def reference(self, name: str, value: object) -> str | None:
        """Return an `env:` or `file:` reference. Anything else would be a secret in the file."""
        if isinstance(value, str) and _REFERENCE.fullmatch(value):
            return value
        self.problem(
            name,
            "isn't a reference to a secret",
            'Write "env:NAME" or "file:/path" and keep the secret itself out of this file.',
            "secret_literal",
        )
        return None

    def optional_reference(self, name: str) -> str | None:
        """Return the reference in a setting, or None if the setting is missing."""
        value = self.take(name, str, None)
        return None if value is None else self.reference(name, value)

    def table(self, name: str) -> "TomlTable":
        """Return a table inside this one. A missing table is one problem."""
        table = self.take(name, dict, {}, required=True)
        problems = [] if name in self.faulty else self.problems
        return TomlTable(table, f"{self._prefix}{name}.", problems, self._described)

    def within(
        self, name: str, entries: Iterable[object], remedy: str
    ) -> Iterator[tuple[str, "TomlTable"]]:
        """Yield the tables of a list in this one, each with its place, such as `codes[0]`."""
        for index, entry in enumerate(entries):
            place = f"{name}[{index}]"
            if isinstance(entry, dict):
                yield place, TomlTable(entry, f"{self._prefix}{place}.", self.problems)
            else:
                self.problem(place, "is not a table", remedy)

    def finish(self) -> None:
        """Report every key that isn't a known setting."""
        for name in self._rest:
            near = difflib.get_close_matches(name, self._known, 1)
            remedy = f"Did you mean `{near[0]}`?" if near else "Remove the setting."
            self.problem(name, "is not a setting", remedy, "setting_unknown")


_NAMES: Mapping[object, str] = {
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    int: "a whole number",
    (int | float): "a number",
}
