"""An unmodified Keycloak from Maven, started on this machine and stopped again."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from tests.interop.built import responding, unpacked
from tests.support.app.servers import free_port

VERSION = "26.7.3"
ADMIN = "admin"
REALM = "smart"
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


@contextlib.contextmanager
def running(password: str) -> Iterator[Keycloak]:
    """Run Keycloak in its development mode with an empty database in memory."""
    home = unpacked(f"org.keycloak:keycloak-quarkus-dist:{VERSION}", f"keycloak-{VERSION}")
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = ["sh", str(home / "bin/kc.sh"), "start-dev", "--db=dev-mem", "--cache=local"]
    command += [f"--http-port={port}", "--http-host=127.0.0.1", f"--hostname={origin}"]
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
        "JAVA_OPTS_KC_HEAP": _HEAP,
    }
    with responding(command, "keycloak.log", f"{origin}/realms/master", environment):
        yield Keycloak(origin, password)
