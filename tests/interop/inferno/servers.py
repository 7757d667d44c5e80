"""Inferno's unmodified reference server, on Jetty with an empty PostgreSQL database."""

import contextlib
import functools
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gateway.processes import becomes_ready
from tests.interop.built import KEPT, Source, responding, unpacked
from tests.support.app.servers import free_port, started

TAG, JETTY = "v4.0.1", "12.0.16"
# Accepted without a launch, as its README describes. The charts are written with it.
TOKEN = "written-by-the-script"
# Both have the Apache License 2.0.
_INFERNO = Source(
    "https://github.com/inferno-framework/inferno-reference-server",
    TAG,
    ("-DskipTests",),
    "target/inferno-fhir-reference-server.war",
)
_CONTEXT = """<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "https://jetty.org/configure_10_0.dtd">
<Configure class="org.eclipse.jetty.ee10.webapp.WebAppContext">
  <Set name="contextPath">/</Set>
  <Set name="war">{war}</Set>
  <Set name="extraClasspath">{settings}/</Set>
</Configure>
"""


@contextlib.contextmanager
def inferno(clients: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Run the server with these clients until the block ends, and yield its FHIR base."""
    war = _INFERNO.built()
    home = unpacked(f"org.eclipse.jetty:jetty-home:{JETTY}", f"jetty-home-{JETTY}")
    port = free_port()
    base = f"http://127.0.0.1:{port}/reference-server/r4"
    with tempfile.TemporaryDirectory() as name, _postgres() as database:
        folder = Path(name)
        for part in ("webapps", "settings", "resources", "clients"):
            (folder / part).mkdir()
        (folder / "clients" / "clients.json").write_text(json.dumps(clients))
        own = (_INFERNO.folder / "src/main/resources/hapi.properties").read_text()
        own += f"\ndatasource.url=jdbc:postgresql://127.0.0.1:{database}/postgres\n"
        (folder / "settings" / "hapi.properties").write_text(own)
        context = _CONTEXT.format(war=war, settings=folder / "settings")
        (folder / "webapps" / "root.xml").write_text(context)
        command = ["java", "-Xmx1200m", "-DREAD_ONLY=false", "-jar", str(home / "start.jar")]
        command += [f"jetty.base={folder}", "jetty.http.host=127.0.0.1", f"jetty.http.port={port}"]
        # After an ee10 module, properties would be those of its environment.
        command += ["--module=server,http,ee10-deploy"]
        settings = {"READ_ONLY": "false", "CUSTOM_BEARER_TOKEN": TOKEN}
        ready = f"{base}/metadata"
        with responding(command, "inferno.log", ready, {**os.environ, **settings}, folder):
            yield base


@contextlib.contextmanager
def _postgres() -> Iterator[int]:
    """Run Debian's PostgreSQL until the block ends, and yield its port. It refuses to be root."""
    (*_, programs) = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder:
        if prefix:
            subprocess.run(["chown", "postgres", folder], check=True)
        make = [*prefix, str(programs / "initdb"), "-D", f"{folder}/data", "-U", "postgres"]
        subprocess.run([*make, "-A", "trust"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        port = free_port()
        command = [*prefix, str(programs / "postgres"), "-D", f"{folder}/data", "-p", str(port)]
        command += ["-h", "127.0.0.1", "-k", folder]
        log = KEPT / "postgresql.log"
        with started(command, log, Path("/")) as process:
            asked = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
            ready = becomes_ready(process, functools.partial(_succeeds, asked), 60, 1)
            assert ready, log.read_text("utf-8")[-2000:]
            yield port


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
