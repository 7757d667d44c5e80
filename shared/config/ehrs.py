"""The [[ehr]] tables of the configuration. Each is one registration at one EHR.

docs/configuration.md describes the keys.
"""

import re
from pathlib import Path
from urllib.parse import quote

from shared import scopes, urls
from shared.config.settings import LAUNCH_PATH, AppSettings, BasicCredentials, Ehr, LocalCode
from shared.config.table import Problem, TomlTable
from shared.patterns import pattern
from shared.vendors import GENERIC, VENDORS

_ISSUERS = pattern(r"file:(issuers/[a-z0-9][a-z0-9-]{0,39}\.txt)")
_BASIC_CREDENTIALS: tuple[BasicCredentials, ...] = ("form", "raw")
CLIENT_AUTHS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
# `/callback/callback` would look like `/callback` if the function's name is stripped from the path.
_KEY = r"(?!(?:callback|health)\Z)[a-z0-9][a-z0-9-]{0,39}"
_VISIBLE = r"[\x21-\x7e]{1,512}"
# Without the characters that separate codes in a search (FHIR R4 3.1.1.4.0.1).
_SYSTEM = r"[^\s,|$\\]{1,255}"
_CODE = r"[^\s,|$\\](?:[^,|$\\\x00-\x1f]{0,98}[^\s,|$\\])?"
# One search has the codes of many inputs, and servers refuse a longer URL.
_MOST_OF_CODES = 4_000
_FORM_OF_SYSTEM = "a system as the EHR sends it, such as a URL, without space , | $ and \\"
_FORM_OF_CODE = "a code as the EHR sends it, of at most 100 characters, without , | $ and \\"
_HOST = pattern(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_CALCULATOR = (pattern(r"[a-z0-9_]{1,64}"), "the name of a calculator")


USE_HTTPS = "Use https. http is accepted only if public_url is on localhost."
ONE_ENTRY = (
    "Keep each FHIR base in only one [[ehr]] entry. If these are several apps, give each its own "
    'launch_path = "/launch/KEY" instead, and register that launch URL at the EHR.'
)


def read_app(table: TomlTable, top_level: AppSettings) -> AppSettings:
    """Read the settings that the top level and an entry both have, with the former as defaults."""
    off = table.optional_texts("calculators_off", *_CALCULATOR)
    cards = table.optional_texts("cards", *_CALCULATOR)
    return AppSettings(
        after_launch=_after_launch(table, top_level.after_launch),
        calculators_off=top_level.calculators_off if off is None else tuple(off),
        cards=top_level.cards if cards is None else tuple(cards),
    )


def _after_launch(table: TomlTable, default: str) -> str:
    value = table.take("after_launch", str, default)
    plain = re.fullmatch(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@/?#{}-]*", value)
    if not plain or value.count("{session}") != 1 or "{" in value.replace("{session}", ""):
        step = "Write a path on public_url with one {session}, such as /app/?session={session}."
        table.problem("after_launch", "cannot be used", step)
        return default
    return value


def read_ehrs(top: TomlTable, app: AppSettings, local: bool) -> tuple[Ehr, ...]:
    """Read the registrations. `app` has the top level's settings of the app. With `local`, http
    issuers are accepted.
    """
    entries = top.entries("ehr", "Add an [[ehr]] table for each registration.")
    tables = top.within("ehr", entries, "Write each EHR as an [[ehr]] table.")
    ehrs = [_ehr(table, app, local) for _, table in tables]
    keys = [ehr.key for ehr in ehrs if ehr.key]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        top.problem("ehr", f"the key {key} is repeated", "Give each [[ehr]] entry its own key.")
    bases = [(ehr.launch_path, base) for ehr in ehrs for base in set(ehr.iss)]
    for path, base in sorted({one for one in bases if bases.count(one) > 1}):
        what = f"the iss {base} is in two entries with the launch path {path}"
        top.problem("ehr", what, ONE_ENTRY, "iss_duplicate")
    _check_redirects(top, ehrs)
    return tuple(ehrs)


def _check_redirects(top: TomlTable, ehrs: list[Ehr]) -> None:
    """Report entries whose EHRs are open to a mix-up attack (RFC 9700 4.4)."""
    for index, ehr in enumerate(ehrs):
        others = ", ".join(other.key for other in ehrs if ehr.can_be_confused_with(other))
        if others:
            what = (
                f"{ehr.redirect_path} is also the redirect path of {others}, so a response from "
                "one EHR could be accepted as another's"
            )
            remedy = (
                f'Set redirect_path = "/callback/{ehr.key}" and register that redirect URI at the '
                "EHR. If the EHRs of all these entries send `iss` with their responses (RFC 9207), "
                "you can set response_iss = true in each entry instead."
            )
            place = f"ehr[{index}].redirect_path"
            top.problems.append(
                Problem.at("setting_invalid", place, what, remedy, finding="redirect_shared")
            )


def _ehr(table: TomlTable, app: AppSettings, local: bool) -> Ehr:
    key = table.text(
        "key", "", _KEY, "a name (a-z, 0-9, -) other than callback and health", required=True
    )
    auth = table.choice("client_auth", "none", CLIENT_AUTHS)
    vendor = table.choice("vendor", GENERIC.name, tuple(VENDORS))
    issuers = _issuers(table)
    ehr = Ehr(
        key=key,
        name=table.text("name", key),
        vendor=vendor,
        iss=_iss(table, local, optional=issuers is not None or "issuers" in table.faulty),
        client_id=table.text("client_id", "", _VISIBLE, "visible ASCII", required=True),
        client_auth=auth,
        client_secret=table.optional_reference("client_secret"),
        private_key=table.optional_reference("private_key"),
        key_id=table.text("key_id") or None,
        scopes=_scopes(table),
        standalone=table.take("standalone", bool, default=False),
        redirect_path=table.text("redirect_path", "/callback"),
        endpoint_hosts=_endpoint_hosts(table) | VENDORS[vendor].endpoint_hosts,
        id_token_issuer=table.text("id_token_issuer", "", r"https?://" + _VISIBLE, "a URL") or None,
        ca_file=table.text("ca_file") or None,
        response_iss=table.take("response_iss", bool, default=False),
        basic_credentials=table.optional_choice("basic_credentials", _BASIC_CREDENTIALS),
        issuers=issuers,
        chooser=table.take("chooser", bool, default=False),
        launch_path=table.text("launch_path", LAUNCH_PATH),
        app=read_app(table, app),
        system_scopes=_system_scopes(table),
        backend_client_id=table.text("backend_client_id", "", _VISIBLE, "visible ASCII") or None,
        backend_private_key=table.optional_reference("backend_private_key"),
        backend_key_id=table.text("backend_key_id") or None,
        codes=_codes(table),
    )
    if ehr.redirect_path not in {"/callback", f"/callback/{key}"}:
        table.problem("redirect_path", "cannot be used", f"Use /callback or /callback/{key}.")
    # `/launch/launch` would look like `/launch` if the function's name is stripped from the path.
    if ehr.launch_path not in {LAUNCH_PATH, f"/launch/{key}"} - {"/launch/launch"}:
        table.problem("launch_path", "cannot be used", f"Use /launch or /launch/{key}.")
    if ehr.chooser and not (ehr.standalone and (issuers or "issuers" in table.faulty)):
        remedy = "Set standalone = true and issuers, or remove the setting."
        table.problem("chooser", "needs standalone and issuers", remedy)
    if ehr.standalone and not (ehr.chooser or ehr.literal_iss):
        remedy = "Add the FHIR base for standalone launches, without /*."
        table.problem("iss", "has no entry without /*", remedy, "standalone_without_iss")
    if ehr.ca_file and not Path(ehr.ca_file).is_file():
        table.problem("ca_file", "is not a file", "Specify a PEM file that the function can read.")
    _check_client_auth(table, ehr)
    _check_backend(table, ehr)
    table.finish()
    return ehr


def _endpoint_hosts(table: TomlTable) -> frozenset[str]:
    hosts = table.texts(
        "endpoint_hosts", _HOST, "a host or host:port in lowercase, without https://"
    )
    return frozenset(host.removesuffix(":443") for host in hosts)


def _issuers(table: TomlTable) -> str | None:
    """Return the place of the file with FHIR bases, which only some functions read."""
    written = table.take("issuers", str, None)
    match = _ISSUERS.fullmatch(written or "")
    if written is not None and match is None:
        remedy = 'Write "file:issuers/NAME.txt", with a NAME of a-z, 0-9 and hyphens.'
        table.problem("issuers", "isn't the place of a file in issuers/", remedy)
    return None if match is None else match[1]


def _codes(table: TomlTable) -> tuple[LocalCode, ...]:
    """Read the [[ehr.codes]] tables."""
    codes: dict[tuple[str, str], LocalCode] = {}
    remedy = "Write each code as an [[ehr.codes]] table."
    for place, entry in table.within("codes", table.take("codes", list, []), remedy):
        code = LocalCode(
            system=entry.text("system", "", _SYSTEM, _FORM_OF_SYSTEM, required=True),
            code=entry.text("code", "", _CODE, _FORM_OF_CODE, required=True),
            input=entry.text("input", required=True),
            unit=entry.text("unit"),
        )
        if (code.system, code.code) in codes:
            table.problem(place, "has the system and code of another entry", "Keep one of them.")
        codes[code.system, code.code] = code
        entry.finish()
    searched = ",".join(f"{system}|{code}" for system, code in codes)
    if len(quote(searched, safe="")) > _MOST_OF_CODES:
        what = f"has systems and codes of more than {_MOST_OF_CODES:,} characters in a URL"
        table.problem("codes", what, "Keep the codes of the tests that are done most often.")
    return tuple(codes.values())


def _iss(table: TomlTable, local: bool, *, optional: bool) -> tuple[str, ...]:
    bases = []
    example = 'Add the FHIR base, such as ["https://ehr.example.org/fhir"].'
    if optional:
        written = table.take("iss", list, [])
    else:
        written = table.entries("iss", example, "iss_invalid")
    for value in written:
        text = value if isinstance(value, str) else ""
        if text != text.strip():
            what = f"{text[:200]!r} starts or ends with a space"
            table.problem("iss", what, f"Write {text.strip()[:200]!r}.", "iss_invalid")
            continue
        tenant = "/*" if text.endswith("/*") else ""
        try:
            base = urls.normalise_base(text.removesuffix("/*"))
        except ValueError as error:
            remedy = "Write the FHIR base as the EHR sends it. Only the last segment may be *."
            table.problem("iss", f"{text[:200]!r}: {error}", remedy, "iss_invalid")
            continue
        if base.startswith("http:") and not local:
            table.problem("iss", f"{base} uses http", USE_HTTPS, "http_not_local")
        bases.append(base + tenant)
    return tuple(dict.fromkeys(bases))


def _scopes(table: TomlTable) -> tuple[str, ...]:
    written = table.take("scopes", str, None, required=True)
    requested = tuple(dict.fromkeys((written or "").split()))
    if written is not None and not requested:
        table.problem("scopes", "is empty", "List the scopes, such as patient/Patient.rs.")
    if not all(map(scopes.is_token, requested)):
        table.problem("scopes", "contains a character that scopes can't have", "Correct the scope.")
    launch = [scope for scope in requested if scope == "launch" or scope.startswith("launch/")]
    if launch:
        remedy = (
            "Remove the launch scopes. The app itself adds `launch` to an EHR launch and "
            "`launch/patient` to a standalone launch. EHRs refuse a launch with the wrong scope."
        )
        table.problem("scopes", f"contains {' '.join(launch)}", remedy, "launch_scope_configured")
    if {"online_access", "offline_access"} <= set(requested):
        table.problem("scopes", "has both online_access and offline_access", "Keep only one.")
    return requested


def _system_scopes(table: TomlTable) -> tuple[str, ...]:
    """Return the scopes of a backend service, which has no user and so no other scopes."""
    written = table.take("system_scopes", str, None)
    requested = tuple(dict.fromkeys((written or "").split()))
    if written is not None and not requested:
        table.problem("system_scopes", "is empty", "List the scopes, or remove the setting.")
    others = [one for one in requested if not _is_of_system(one)]
    if others:
        remedy = "List only scopes such as system/Observation.rs. Those of a launch go to `scopes`."
        shown = " ".join(others)[:200]
        table.problem("system_scopes", f"contains {shown!r}, which isn't a system/ scope", remedy)
    return requested


def _is_of_system(scope: str) -> bool:
    as_user = scopes.of_system([scope])
    return scopes.is_token(scope) and bool(as_user) and scopes.parse(as_user[0]) is not None


_BACKEND = ("backend_client_id", "backend_private_key", "backend_key_id")


def _check_backend(table: TomlTable, ehr: Ehr) -> None:
    """Report a backend service without its own key and without the launches' key."""
    missing = [name for name in _BACKEND if not getattr(ehr, name) and name not in table.faulty]
    given = [name for name in _BACKEND if name not in missing]
    if given and not ehr.system_scopes and "system_scopes" not in table.faulty:
        remedy = "Add system_scopes, or remove the setting."
        table.problem(given[0], "has no effect without system_scopes", remedy)
    elif given:
        for name in missing:
            table.problem(name, f"is missing, but {given[0]} is set", "Set all three, or none.")
    elif ehr.system_scopes and ehr.client_auth != "private_key_jwt":
        remedy = (
            "Set backend_client_id, backend_private_key and backend_key_id, or "
            'client_auth = "private_key_jwt" if the EHR has one registration for both.'
        )
        table.problem("system_scopes", "needs a private key", remedy)


def _check_client_auth(table: TomlTable, ehr: Ehr) -> None:
    secret = ehr.client_auth in {"client_secret_basic", "client_secret_post"}
    key = ehr.client_auth == "private_key_jwt"
    if ehr.basic_credentials and ehr.client_auth != "client_secret_basic":
        remedy = 'Remove the setting, or set client_auth = "client_secret_basic".'
        what = f"has no effect with client_auth {ehr.client_auth}"
        table.problem("basic_credentials", what, remedy)
    for name, value, wanted in (
        ("client_secret", ehr.client_secret, secret),
        ("private_key", ehr.private_key, key),
        ("key_id", ehr.key_id, key),
    ):
        if wanted and value is None and name not in table.faulty:
            table.problem(name, f"is missing, but {ehr.client_auth} needs it", "Add the setting.")
        if value is not None and not wanted:
            remedy = "Remove the setting, or set client_auth to the method that uses it."
            table.problem(name, f"isn't used with client_auth {ehr.client_auth}", remedy)
