"""The [[cds_client]] tables of the configuration: EHRs that call cds_services (CDS Hooks 2.0).

docs/configuration.md describes the keys.
"""

from shared import urls
from shared.config.settings import CdsClient, Ehr
from shared.config.table import TomlTable
from shared.patterns import pattern

_KEY = r"[a-z0-9][a-z0-9-]{0,39}"
_ISSUER = r"[\x21-\x7e]{1,500}"
_TENANT = r"[\x21-\x7e]{1,200}"
_ORIGIN = pattern(
    r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?"
)


def read_cds_clients(
    top: TomlTable, ehrs: tuple[Ehr, ...], *, local: bool
) -> tuple[CdsClient, ...]:
    """Read the clients, if any. With `local`, http URLs are accepted."""
    entries = top.take("cds_client", list, [])
    tables = top.within("cds_client", entries, "Write each client as a [[cds_client]] table.")
    clients = [_client(table, ehrs, local=local) for _, table in tables]
    _check_duplicates(top, clients)
    return tuple(clients)


def _client(table: TomlTable, ehrs: tuple[Ehr, ...], *, local: bool) -> CdsClient:
    ehr = table.text("ehr", required=True)
    if ehr and all(one.key != ehr for one in ehrs):
        remedy = "Write the key of one of the [[ehr]] entries."
        what = f"{ehr[:100]!r} isn't the key of an [[ehr]] entry"
        table.problem("ehr", what, remedy, "cds_ehr_unknown")
    client = CdsClient(
        key=table.text("key", "", _KEY, "a name made of a-z, 0-9 and hyphens", required=True),
        ehr=ehr,
        iss=table.text("iss", "", _ISSUER, "visible ASCII", required=True),
        jku=_jku(table, local=local),
        keys=table.optional_reference("keys"),
        tenant=table.text("tenant", "", _TENANT, "visible ASCII") or None,
        cors_origins=_origins(table, local=local),
    )
    if (client.jku is None) == (client.keys is None) and not {"jku", "keys"} & table.faulty:
        what = "and keys are both set" if client.jku else "and keys are both missing"
        remedy = "Set jku to the URL of the EHR's keys, or keys to a file that contains them."
        table.problem("jku", what, remedy)
    table.finish()
    return client


def _jku(table: TomlTable, *, local: bool) -> str | None:
    url = table.text("jku", "", _ISSUER, "visible ASCII")
    if not url:
        return None
    try:
        urls.authority(url)
        plain = urls.is_plain(url) and "#" not in url
    except ValueError:
        plain = False
    if not plain:
        table.problem("jku", "is not a plain absolute URL", "Write the URL as in the EHR's tokens.")
    elif not url.startswith("https://") and not local:
        remedy = "Use https. http is accepted only if public_url is on localhost."
        table.problem("jku", "uses http", remedy, "http_not_local")
    return url


def _origins(table: TomlTable, *, local: bool) -> tuple[str, ...]:
    """Read origins as a browser writes them. They're compared as text (RFC 6454)."""
    origins: list[str] = []
    for index, value in enumerate(table.take("cors_origins", list, [])):
        text = value if isinstance(value, str) else ""
        sound = _ORIGIN.fullmatch(text) and urls.normalise_base(text) == text
        if sound and (local or text.startswith("https://")):
            origins.append(text)
            continue
        remedy = "Write the scheme, the lowercase host, and any port that isn't the default."
        what = "is not an https origin, such as https://sandbox.cds-hooks.org"
        table.problem(f"cors_origins[{index}]", what, remedy, "cds_cors_origin_invalid")
    return tuple(dict.fromkeys(origins))


def _check_duplicates(top: TomlTable, clients: list[CdsClient]) -> None:
    keys = [client.key for client in clients if client.key]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        remedy = "Give each [[cds_client]] entry its own key."
        top.problem("cds_client", f"the key {key} is repeated", remedy, "cds_client_duplicate")
    callers = [(client.iss, client.tenant) for client in clients if client.iss]
    for iss, tenant in sorted({one for one in callers if callers.count(one) > 1}, key=str):
        whom = f"the iss {iss}" + (f" with the tenant {tenant}" if tenant else "")
        remedy = (
            "Keep the iss in only one [[cds_client]] entry, or set a different `tenant` in each."
        )
        top.problem("cds_client", f"{whom} is repeated", remedy, "cds_client_duplicate")
