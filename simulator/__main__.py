"""Start the simulated EHR on this machine: `python -m simulator COMMAND`.

run    the functions on embedded defaults, with the simulated EHR beside them
ehr    the simulated EHR alone
"""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway import servers
from gateway.servers import Server
from simulator import demo

LOCAL = Path(".local")


def main(arguments: list[str]) -> int:
    """Run a command until SIGINT or SIGTERM; 0 after an orderly end."""
    if arguments not in (["run"], ["ehr"]):
        sys.stderr.write(__doc__ or "")
        return 2
    command = arguments[0]
    port, ehr_port = os.environ.get("PORT", "8080"), os.environ.get("EHR_PORT", "8090")
    public_url, ehr = f"http://localhost:{port}", f"http://127.0.0.1:{ehr_port}"
    ports = {"EHR_PORT": ehr_port, **({"PORT": port} if command == "run" else {})}
    if not servers.are_free(ports, command):
        return 1
    listed = [Server("simulator.serve_ehr:app", ehr_port, _ehr(public_url, ehr))]
    if command == "run":
        environment = {"SMART_CONFIG": str(_config(public_url, ehr)), "EHR_BASE_URL": ehr}
        listed.append(Server("gateway.app:application", port, environment))
    return servers.run(listed, ready=public_url if command == "run" else ehr)


def _ehr(public_url: str, ehr: str) -> Mapping[str, str]:
    """The simulated EHR's configuration: this app's registrations, unless others are given."""
    given = os.environ.get("EHR_REGISTRATIONS", demo.registrations(public_url))
    return {"EHR_BASE_URL": ehr, "EHR_REGISTRATIONS": given}


def _config(public_url: str, ehr: str) -> Path:
    """The embedded defaults as a configuration file; the sealing key lasts over restarts."""
    LOCAL.mkdir(exist_ok=True)
    key_file = (LOCAL / "sealing-key").resolve()
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    config = (LOCAL / "smart.toml").resolve()
    store_file = (LOCAL / "smart.db").resolve()
    config.write_text(demo.configuration(public_url, ehr, key_file, store_file), encoding="utf-8")
    return config


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
