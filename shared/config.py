"""Settings: one TOML file named by SMART_CONFIG, read once, every problem reported at once.

docs/configuration.md describes the keys. `parse` never raises for a bad file: it returns the
problems, each with its place and remedy, so that a function can end its process with all of them
and the doctor can list them as findings.
"""

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from shared import urls
from shared.config_table import Problem, Table
from shared.settings import Ehr, Settings, StoreSettings

VENDORS = ("oracle", "epic", "generic")
CLIENT_AUTHS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
# Hosts beside the FHIR base's own on which a vendor's endpoints live.
VENDOR_HOSTS: Mapping[str, frozenset[str]] = {
    "oracle": frozenset({"authorization.cerner.com"}),
    "epic": frozenset(),
    "generic": frozenset(),
}

_KEY = r"[a-z0-9][a-z0-9-]{0,39}"
_VISIBLE = r"[\x21-\x7e]{1,512}"
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_ANCESTOR = re.compile(r"'self'|https?://[A-Za-z0-9.*-]+(?::(?:[0-9]{1,5}|\*))?")


def from_environment() -> Settings | None:
    """The settings of this process; None where SMART_CONFIG is unset.

    A file that cannot be used ends the process with exit code 1 and all problems on stderr, so
    that a bad deployment fails its health check and the old revision stays.
    """
    path = os.environ.get("SMART_CONFIG")
    if not path:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = f"cannot be read: {reason(error)}"
        stop([Problem("config_unreadable", path, what, "Set SMART_CONFIG to the file.")])
    settings, problems = parse(text)
    if settings is None:
        stop(problems)
    return settings


def stop(problems: list[Problem]) -> NoReturn:
    """End the process with the problems on stderr."""
    lines = [f"smart-calc: {len(problems)} problem(s) in the configuration", *map(str, problems)]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.exit(1)


def parse(text: str) -> tuple[Settings | None, list[Problem]]:
    """The settings in a TOML text, or None and every problem in it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        remedy = "Correct the TOML syntax there."
        return None, [Problem("setting_invalid", "the file", str(error), remedy)]
    problems: list[Problem] = []
    settings = _settings(Table(table, "", problems))
    return (None, problems) if problems else (settings, [])


def reason(error: Exception) -> str:
    """Why a file could not be read, without its content."""
    return error.strerror or "unknown" if isinstance(error, OSError) else "it is not UTF-8 text"


def _settings(top: Table) -> Settings:
    public_url = _public_url(top)
    local = urls.is_local(public_url)
    settings = Settings(
        public_url=public_url,
        after_launch=_after_launch(top),
        frame_ancestors=tuple(top.texts("frame_ancestors", _ANCESTOR)),
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
            for index, value in enumerate(top.take("sealing_keys", list, [], required=True))
            if (reference := top.reference(f"sealing_keys[{index}]", value))
        ),
        public_jwks=_optional_reference(top, "public_jwks"),
        store=_store(top.table("store")),
        ehrs=_ehrs(top, local),
    )
    if not settings.sealing_keys:
        top.problem("sealing_keys", "is empty", 'Name at least one, such as "env:SEALING_KEY".')
    top.finish()
    return settings


def _public_url(top: Table) -> str:
    value = top.take("public_url", str, "", required=True)
    try:
        url = urls.normalise_base(value)
    except ValueError as error:
        if value:
            remedy = "Write scheme and host only, such as https://smart.example.org."
            top.problem("public_url", str(error), remedy, "public_url_invalid")
        return ""
    if url.count("/") > 2:
        remedy = "Remove the path: cookies and addresses belong to the whole host."
        top.problem("public_url", "has a path", remedy, "public_url_invalid")
    if url.startswith("http:") and not urls.is_local(url):
        remedy = "Use https; http is for localhost only."
        top.problem("public_url", "is http", remedy, "http_not_local")
    return url


def _after_launch(top: Table) -> str:
    value = top.take("after_launch", str, "/smart_calc/{session}/")
    plain = re.fullmatch(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@/?#{}-]*", value)
    if not plain or value.count("{session}") != 1 or "{" in value.replace("{session}", ""):
        remedy = "Write a path on public_url with {session} once, such as /app/?session={session}."
        top.problem("after_launch", "cannot be used", remedy)
    return value


def _optional_reference(table: Table, name: str) -> str | None:
    value = table.take(name, str, "")
    return table.reference(name, value) if value else None


def _store(table: Table) -> StoreSettings:
    store = StoreSettings(
        kind=table.choice("kind", "firestore", ("firestore", "sqlite")),
        project=table.text("project") or None,
        database=table.text("database", "(default)"),
        path=table.text("path", ".local/smart.db"),
    )
    table.finish()
    return store


def _ehrs(top: Table, local: bool) -> tuple[Ehr, ...]:
    ehrs: list[Ehr] = []
    for index, entry in enumerate(top.take("ehr", list, [], required=True)):
        if isinstance(entry, dict):
            ehrs.append(_ehr(Table(entry, f"ehr[{index}].", top.problems), local))
    if not ehrs:
        top.problem("ehr", "names no EHR", "Add an [[ehr]] table for each registration.")
    keys = [ehr.key for ehr in ehrs if ehr.key]
    for key in {key for key in keys if keys.count(key) > 1}:
        top.problem("ehr", f"the key {key} stands twice", "Give each [[ehr]] its own key.")
    bases = [base for ehr in ehrs for base in set(ehr.iss)]
    for base in {base for base in bases if bases.count(base) > 1}:
        remedy = "Leave it in one [[ehr]] only."
        top.problem("ehr", f"the iss {base} stands in two entries", remedy, "iss_duplicate")
    return tuple(ehrs)


def _ehr(table: Table, local: bool) -> Ehr:
    key = table.text("key", "", _KEY, "a-z, 0-9 and hyphens", required=True)
    auth = table.choice("client_auth", "none", CLIENT_AUTHS)
    vendor = table.choice("vendor", "generic", VENDORS)
    ehr = Ehr(
        key=key,
        name=table.text("name", key),
        vendor=vendor,
        iss=_iss(table, local),
        client_id=table.text("client_id", "", _VISIBLE, "visible ASCII", required=True),
        client_auth=auth,
        client_secret=_optional_reference(table, "client_secret"),
        private_key=_optional_reference(table, "private_key"),
        key_id=table.text("key_id") or None,
        scopes=_scopes(table),
        standalone=table.take("standalone", bool, False),
        redirect_path=table.text("redirect_path", "/callback"),
        endpoint_hosts=frozenset(table.texts("endpoint_hosts", _HOST)) | VENDOR_HOSTS[vendor],
        id_token_issuer=table.text("id_token_issuer", "", r"https?://" + _VISIBLE, "a URL") or None,
        ca_file=table.text("ca_file") or None,
    )
    if ehr.redirect_path not in {"/callback", f"/callback/{key}"}:
        table.problem("redirect_path", "cannot be used", f"Use /callback or /callback/{key}.")
    if ehr.standalone and all(entry.endswith("/*") for entry in ehr.iss):
        remedy = "Add the FHIR base that a standalone launch shall use, without /*."
        table.problem("iss", "has no literal entry", remedy, "standalone_without_iss")
    if ehr.ca_file and not Path(ehr.ca_file).is_file():
        table.problem("ca_file", "is not a file", "Name a PEM file that the function can read.")
    _check_client_auth(table, ehr)
    table.finish()
    return ehr


def _iss(table: Table, local: bool) -> tuple[str, ...]:
    bases = []
    for value in table.take("iss", list, [], required=True):
        text = value if isinstance(value, str) else ""
        tenant = "/*" if text.endswith("/*") else ""
        try:
            base = urls.normalise_base(text.removesuffix("/*"))
        except ValueError as error:
            remedy = "Write the FHIR base as the EHR sends it; only a last segment may be *."
            table.problem("iss", f"{text[:200]!r}: {error}", remedy, "iss_invalid")
            continue
        if base.startswith("http:") and not local:
            remedy = "Use https; http is accepted only when public_url is on localhost."
            table.problem("iss", f"{base} is http", remedy, "http_not_local")
        bases.append(base + tenant)
    if not bases:
        table.problem("iss", "names no FHIR base", "Add at least one.", "iss_invalid")
    return tuple(dict.fromkeys(bases))


def _scopes(table: Table) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(table.take("scopes", str, "", required=True).split()))
    if not all(_SCOPE.fullmatch(scope) for scope in asked):
        table.problem("scopes", "holds a character that no scope may have", "Correct it.")
    launch = [scope for scope in asked if scope == "launch" or scope.startswith("launch/")]
    if launch:
        remedy = (
            "Remove it: an EHR launch asks `launch` and a standalone launch `launch/patient` by "
            "itself; the wrong one of the two makes EHRs refuse the launch."
        )
        table.problem("scopes", f"holds {' '.join(launch)}", remedy, "launch_scope_configured")
    if {"online_access", "offline_access"} <= set(asked):
        table.problem("scopes", "asks online_access and offline_access", "Ask for one of the two.")
    return asked


def _check_client_auth(table: Table, ehr: Ehr) -> None:
    secret = ehr.client_auth in {"client_secret_basic", "client_secret_post"}
    key = ehr.client_auth == "private_key_jwt"
    for name, value, wanted in (
        ("client_secret", ehr.client_secret, secret),
        ("private_key", ehr.private_key, key),
        ("key_id", ehr.key_id, key),
    ):
        if wanted and value is None:
            table.problem(name, f"is missing for {ehr.client_auth}", "Add it.")
        if value is not None and not wanted:
            remedy = "Remove it or set client_auth to the method it belongs to."
            table.problem(name, f"does not go with client_auth {ehr.client_auth}", remedy)
