"""An unmodified Keycloak from Maven, started on this machine and stopped again."""

import contextlib
import functools
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from gateway.processes import becomes_ready
from tests.support.servers import ROOT, free_port, started

VERSION = "26.7.3"
ADMIN = "admin"
REALM = "smart"
_KEPT = ROOT / ".local" / "interop"
_HOME = _KEPT / f"keycloak-{VERSION}"
_FETCH_SECONDS = 900
# The first start of a version optimizes it, which takes longer than all others.
_START_SECONDS = 300
_STOP_SECONDS = 30
_HEAP = "-Xms64m -Xmx600m"


@dataclass(frozen=True)
class Keycloak:
    """A running Keycloak with the realm `smart`."""

    origin: str
    password: str

    @property
    def realm(self) -> str:
        return f"{self.origin}/realms/{REALM}"

    def admin(self, path: str, document: object) -> None:
        """Create something by the admin API; `path` is below /admin."""
        form = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": ADMIN,
            "password": self.password,
        }
        token_url = f"{self.origin}/realms/master/protocol/openid-connect/token"
        token = requests.post(token_url, data=form, timeout=30).json()["access_token"]
        answer = requests.post(
            f"{self.origin}/admin{path}",
            json=document,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        assert answer.status_code == 201, f"{path}: {answer.status_code} {answer.text[:500]}"

    def discovery(self) -> dict[str, Any]:
        """Return the realm's own OpenID Connect discovery document."""
        document: dict[str, Any] = requests.get(
            f"{self.realm}/.well-known/openid-configuration", timeout=10
        ).json()
        return document

    def is_active(self, token: str) -> bool:
        """Ask the userinfo endpoint, which accepts a token only while its session lives.

        Introspection would need a client in the token's audience.
        """
        url = f"{self.realm}/protocol/openid-connect/userinfo"
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(url, headers=headers, timeout=10).status_code == 200


def fetch() -> Path:
    """Return the folder of the distribution, fetched by mvn and unpacked if it isn't there."""
    if (_HOME / "bin/kc.sh").exists():
        return _HOME
    mvn = shutil.which("mvn")
    assert mvn, "mvn is missing: install Maven and Java 17 or 21"
    artifact = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
    _KEPT.mkdir(parents=True, exist_ok=True)
    for goal in (
        ["dependency:get", f"-Dartifact={artifact}", "-Dtransitive=false"],
        ["dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={_KEPT}"],
    ):
        subprocess.run([mvn, "-B", "-q", *goal], check=True, timeout=_FETCH_SECONDS, cwd=_KEPT)
    with zipfile.ZipFile(_KEPT / f"keycloak-quarkus-dist-{VERSION}.zip") as archive:
        archive.extractall(_KEPT)
    (_HOME / "bin/kc.sh").chmod(0o755)
    return _HOME


@contextlib.contextmanager
def running(password: str) -> Iterator[Keycloak]:
    """Run Keycloak in its development mode with an empty database in memory."""
    home, port = fetch(), free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [str(home / "bin/kc.sh"), "start-dev", "--db=dev-mem", "--cache=local"]
    command += [f"--http-port={port}", "--http-host=127.0.0.1", f"--hostname={origin}"]
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
        "JAVA_OPTS_KC_HEAP": _HEAP,
    }
    log = _KEPT / "keycloak.log"
    with started(command, log, environment=environment, seconds=_STOP_SECONDS) as process:
        ready = becomes_ready(process, functools.partial(_responds, origin), _START_SECONDS, 1)
        assert ready, f"Keycloak isn't ready: {log.read_text('utf-8')[-2000:]}"
        yield Keycloak(origin, password)


def _responds(origin: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{origin}/realms/master", timeout=2).status_code == 200
    return False
