"""Start the simulated EHR on this machine: `python -m simulator COMMAND`.

run [--json] [--open]    start the functions with embedded defaults, and the simulated EHR
ehr                      start only the simulated EHR
"""

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from gateway import own_page, servers
from gateway.servers import LOOPBACK, Place, Server, Taken, Unusable
from infra import project
from infra.project import ProjectRefused
from simulator import demo
from simulator.trace import announcements


def main(arguments: list[str]) -> int:
    """Run a command until SIGINT, SIGTERM or SIGHUP; return 0 after a clean shutdown."""
    command, options = "".join(arguments[:1]), set(arguments[1:])
    if command not in {"run", "ehr"} or options - (
        {"--json", "--open"} if command == "run" else set()
    ):
        sys.stderr.write(__doc__ or "")
        return 2
    app_place = Place("PORT", os.environ.get("PORT", "8080"))
    ehr_place = Place("EHR_PORT", os.environ.get("EHR_PORT", "8090"))
    folder, with_cds = None, True
    try:
        if command == "run":
            functions = project.read(Path.cwd()).names
            folder, with_cds = _page(functions), "cds_services" in functions
        for place in (app_place, ehr_place) if command == "run" else (ehr_place,):
            servers.require_free(place, command)
    except (Unusable, ProjectRefused, Taken) as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, Unusable) else 1
    public_url, ehr = f"http://localhost:{app_place.port}", f"http://{LOOPBACK}:{ehr_place.port}"
    of_ehr = _ehr(public_url, ehr, with_cds=with_cds)
    if command == "ehr":
        return servers.run([Server("simulator.serve_ehr:app", ehr_place, of_ehr)], ready=ehr)
    as_json = "--json" in options
    local = _local()
    if "EHR_REGISTRATIONS" not in os.environ:
        keys = demo.made_keys(local)
        registered = demo.registrations(public_url, with_cds=with_cds, backend_jwks=keys)
        of_ehr = {**of_ehr, "EHR_REGISTRATIONS": registered}
    shown = servers.shown(public_url, ehr, as_json=as_json)
    if shown is not None and not as_json:
        of_ehr = {**of_ehr, announcements.VARIABLE: "1"}
    config = _config(public_url, ehr, local, folder, with_cds=with_cds)
    environment = {"SMART_CONFIG": str(config), "EHR_BASE_URL": ehr}
    processes = [
        Server("simulator.serve_ehr:app", ehr_place, of_ehr),
        Server("gateway.app:application", app_place, environment),
    ]
    return servers.run(
        processes,
        ready=public_url,
        also=f" (simulated EHR: {ehr}/)",
        shown=shown,
        opens_browser="--open" in options,
    )


def _page(functions: Collection[str]) -> Path | None:
    """Return the folder of the project's own page, or None if launches use the smart_calc page."""
    folder = own_page.folder()
    if folder is None and "smart_calc" not in functions:
        raise Unusable(
            "There is no page to launch. Set one with `smart-calc run --page FOLDER` or "
            "`make run PAGE=FOLDER`."
        )
    return folder


def _local() -> Path:
    """Return the folder for the app's data, which has the encryption key and the sessions."""
    local = Path(os.environ.get("SMART_LOCAL", ".local"))
    local.mkdir(exist_ok=True)
    local.chmod(0o700)
    return local.resolve()


def _ehr(public_url: str, ehr: str, *, with_cds: bool) -> Mapping[str, str]:
    """Return the environment variables of the simulated EHR; the default registers this app."""
    registrations = os.environ.get(
        "EHR_REGISTRATIONS", demo.registrations(public_url, with_cds=with_cds)
    )
    return {"EHR_BASE_URL": ehr, "EHR_REGISTRATIONS": registrations}


def _config(public_url: str, ehr: str, local: Path, folder: Path | None, *, with_cds: bool) -> Path:
    """Write the embedded defaults to a configuration file; restarts reuse the keys.

    If the project has its own page, launches lead to it, with the extra scopes in `demo.OWN_PAGE`.
    """
    demo.made_keys(local)
    config = local / "smart.toml"
    own = () if folder is None else (own_page.AFTER_LAUNCH, demo.OWN_PAGE)
    key_file, store_file = local / demo.SEALING_KEY, local / "smart.db"
    text = demo.configuration(public_url, ehr, key_file, store_file, *own, with_cds=with_cds)
    config.write_text(text, encoding="utf-8")
    return config


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
