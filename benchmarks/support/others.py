"""Third-party proxies in front of the EHR, if available: nginx on PATH, oauth2-proxy and
fhir-gateway at the paths OAUTH2_PROXY and FHIR_GATEWAY.

fhir-gateway is a Java program with many settings. FHIR_GATEWAY is a script that starts it with
FHIR_BASE and PORT, and FHIR_GATEWAY_TOKEN is a token that it accepts.
"""

import base64
import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.support.processes import Server, started
from tests.support.app.servers import free_port

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Other:
    """A running program, with the path prefix and the headers for a FHIR read."""

    server: Server
    prefix: str
    headers: Mapping[str, str]


@contextlib.contextmanager
def running(folder: Path, base: str) -> Iterator[Mapping[str, Other]]:
    """Start the available programs in front of the EHR's FHIR base; yield them by name."""
    nginx, proxy = shutil.which("nginx"), os.environ.get("OAUTH2_PROXY")
    gateway = os.environ.get("FHIR_GATEWAY")
    with contextlib.ExitStack() as stack:
        servers = {}
        if nginx:
            servers["nginx"] = stack.enter_context(_nginx(nginx, folder, base))
        if proxy:
            servers["oauth2-proxy"] = stack.enter_context(_oauth2_proxy(proxy, folder, base))
        if gateway:
            servers["fhir-gateway"] = stack.enter_context(_gateway(gateway, folder, base))
        yield servers


@contextlib.contextmanager
def _nginx(program: str, folder: Path, base: str) -> Iterator[Other]:
    """Start nginx with one worker and persistent connections."""
    port, host = free_port(), base.removeprefix("http://").partition("/")[0]
    home = folder / "nginx"
    home.mkdir()
    temporary = "".join(
        f"{name}_temp_path {home}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = home / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {home}/pid; error_log stderr error;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; keepalive_requests 1000000; {temporary}"
        f"upstream ehr {{ server {host}; keepalive 32; keepalive_requests 1000000; }}\n"
        f"server {{ listen {_HOST}:{port}; location / {{ proxy_pass http://ehr/r4/;\n"
        'proxy_http_version 1.1; proxy_set_header Connection "";\n'
        'proxy_set_header Authorization "Bearer token"; }}}\n',
        encoding="utf-8",
    )
    command = [program, "-p", str(home), "-c", str(config)]
    with started("nginx", port, command, {}, home / "log") as server:
        yield Other(server, "", {})


@contextlib.contextmanager
def _oauth2_proxy(program: str, folder: Path, base: str) -> Iterator[Other]:
    """Start oauth2-proxy on one core, without logs, and open a session with its login form."""
    port, origin = free_port(), base.rpartition("/")[0]
    home = folder / "oauth2-proxy"
    home.mkdir()
    password = secrets.token_hex(16)
    digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
    (home / "users").write_text(f"user:{{SHA}}{digest}\n", "ascii")
    options = {
        "http-address": f"{_HOST}:{port}",
        "upstream": f"{origin}/r4/",
        "provider": "github",
        "client-id": "client",
        "client-secret": secrets.token_hex(16),
        "cookie-secret": secrets.token_hex(16),
        "cookie-secure": "false",
        "email-domain": "*",
        "htpasswd-file": str(home / "users"),
        "request-logging": "false",
        "auth-logging": "false",
        "standard-logging": "false",
    }
    command = [program, *(f"--{name}={value}" for name, value in options.items())]
    with started("oauth2-proxy", port, command, {"GOMAXPROCS": "1"}, home / "log") as server:
        form = {"username": "user", "password": password}
        address = f"http://{_HOST}:{port}/oauth2/sign_in"
        signed_in = requests.post(address, data=form, timeout=60, allow_redirects=False)
        pairs = "; ".join(f"{name}={value}" for name, value in signed_in.cookies.items())
        yield Other(server, "/r4", {"Cookie": pairs})


@contextlib.contextmanager
def _gateway(program: str, folder: Path, base: str) -> Iterator[Other]:
    port, home = free_port(), folder / "fhir-gateway"
    home.mkdir()
    variables = {**os.environ, "FHIR_BASE": base, "PORT": str(port)}
    with started("fhir-gateway", port, [program], variables, home / "log") as server:
        token = os.environ.get("FHIR_GATEWAY_TOKEN", "token")
        yield Other(server, "/fhir", {"Authorization": f"Bearer {token}"})
