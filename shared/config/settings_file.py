"""Read the settings from the TOML file that SMART_CONFIG names, and report all problems at once.

docs/configuration.md describes the keys. `parse` never raises for an invalid file. It returns the
problems, each with its place and fix. A function prints them all and exits, and `make doctor` lists
them as findings.
"""

import os
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, get_args

from shared import urls
from shared.config.cds_clients import read_cds_clients
from shared.config.ehrs import read_app, read_ehrs
from shared.config.settings import AppSettings, Settings, StoreKind, StoreSettings
from shared.config.table import Problem, TomlTable

_ONE_LINE = r"(?=.*\S)[^\x00-\x1f\x7f]{1,200}"
_ANCESTOR = re.compile(
    r"'self'|https?://(?:\*\.[A-Za-z0-9-]+\.)?[A-Za-z0-9][A-Za-z0-9.-]*(?::(?:[0-9]{1,5}|\*))?"
)


Check = Callable[[Settings], list[Problem]]


def from_environment(check: Check | None = None) -> Settings | None:
    """Return the settings of this process, or None if SMART_CONFIG is unset.

    `check` finds problems that only the caller can detect. If the file can't be used, print all
    problems on stderr and exit with status 1. So a bad deployment fails its health check, and the
    old revision keeps running.
    """
    path = os.environ.get("SMART_CONFIG")
    if not path:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = f"cannot be read: {reason(error)}"
        stop([Problem.at("config_unreadable", path, what, "Set SMART_CONFIG to the file's path.")])
    settings, problems = parse(text, check)
    if settings is None:
        stop(problems)
    return settings


def stop(problems: list[Problem]) -> NoReturn:
    """Print the problems to stderr and exit with status 1."""
    lines = [f"smart-calc: {len(problems)} problem(s) in the configuration", *map(str, problems)]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.exit(1)


def parse(text: str, check: Check | None = None) -> tuple[Settings | None, list[Problem]]:
    """Return the settings in a TOML text, or None and every problem in it, including those of
    `check`.
    """
    settings, problems = parse_as_far_as_it_goes(text, check)
    return (None, problems) if problems else (settings, [])


def parse_as_far_as_it_goes(
    text: str, check: Check | None = None
) -> tuple[Settings | None, list[Problem]]:
    """Return the settings in a TOML text and every problem in it, or None if the text isn't TOML.
    No function runs with settings that have a problem, but `make doctor` checks the valid ones.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError: invalid TOML, or a number with thousands of digits. RecursionError: thousands
        # of nested brackets.
        step = "Correct the TOML syntax."
        return None, [Problem.at("config_unreadable", "the file", str(error), step)]
    problems: list[Problem] = []
    settings = _settings(TomlTable(table, "", problems))
    problems += check(settings) if check else []
    return settings, problems


def reason(error: Exception) -> str:
    """Return why a file couldn't be read, without its content."""
    return error.strerror or "unknown" if isinstance(error, OSError) else "it is not UTF-8 text"


def _settings(top: TomlTable) -> Settings:
    public_url = _public_url(top)
    local = urls.is_local(public_url)
    app = read_app(top, AppSettings())
    ehrs = read_ehrs(top, app, local)
    keys = top.entries("sealing_keys", 'Add a key, such as ["env:SEALING_KEY"].')
    settings = Settings(
        public_url=public_url,
        app=app,
        frame_ancestors=tuple(
            top.texts(
                "frame_ancestors", _ANCESTOR, "'self' or an origin such as https://ehr.example.org"
            )
        ),
        launch_seconds=60 * top.number("launch_minutes", 10, 0.001, 60),
        session_idle_seconds=60 * top.number("session_idle_minutes", 30, 0.001, 1440),
        session_max_seconds=3600 * top.number("session_max_hours", 8, 0.0001, 24),
        session_cache_seconds=top.number("session_cache_seconds", 3, 0, 60),
        full_error_details=top.choice(
            "error_details", "full" if local else "brief", ("brief", "full")
        )
        == "full",
        sealing_keys=tuple(
            reference
            for index, value in enumerate(keys)
            if (reference := top.reference(f"sealing_keys[{index}]", value))
        ),
        public_jwks=top.optional_reference("public_jwks"),
        store=_store(top.table("store")),
        ehrs=ehrs,
        cds_clients=read_cds_clients(top, ehrs, local=local),
        responsible=top.text("responsible", "", _ONE_LINE, "text of 1 to 200 characters").strip(),
    )
    top.finish()
    return settings


def _public_url(top: TomlTable) -> str:
    value = top.take("public_url", str, None, required=True)
    if value is None:
        return ""
    try:
        url = urls.normalise_base(value)
    except ValueError as error:
        step = "Write only the scheme and host, such as https://smart.example.org."
        top.problem("public_url", f"is {error}", step, "public_url_invalid")
        return ""
    if url.count("/") > 2:
        step = "Remove the path. The app needs its own host for its cookies and URLs."
        top.problem("public_url", "has a path", step, "public_url_invalid")
    if url.startswith("http:") and not urls.is_local(url):
        step = "Use https. http is allowed only on localhost."
        top.problem("public_url", "uses http", step, "http_not_local")
    return url


def _store(table: TomlTable) -> StoreSettings:
    store = StoreSettings(
        kind=table.choice("kind", "firestore", get_args(StoreKind)),
        project=table.text("project") or None,
        database=table.text("database", "(default)"),
        path=table.text("path", ".local/smart.db"),
    )
    table.finish()
    return store
