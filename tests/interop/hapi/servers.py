"""An unmodified HAPI FHIR JPA server and Google's fhir-gateway, built from their public sources."""

import contextlib
import os
from collections.abc import Iterator

from tests.interop.built import Source, responding
from tests.support.app.servers import free_port

# Both have the Apache License 2.0.
HAPI_TAG, GATEWAY_COMMIT = "image/v8.8.0-1", "20664e5"
_HAPI = Source(
    "https://github.com/hapifhir/hapi-fhir-jpaserver-starter",
    HAPI_TAG,
    ("-Dmaven.test.skip=true",),
    "target/ROOT.war",
)
_GATEWAY = Source(
    "https://github.com/google/fhir-gateway",
    GATEWAY_COMMIT,
    ("-DskipTests", "-Dspotless.apply.skip=true", "-Dspotless.check.skip=true"),
    "exec/target/fhir-gateway-exec.jar",
)


@contextlib.contextmanager
def hapi() -> Iterator[str]:
    """Run HAPI with an empty database in memory until the block ends, and yield its FHIR base.

    It's open to every caller: put something in front of it that asks for a token.
    """
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    command = ["java", "-Xms64m", "-Xmx1200m", "-jar", str(_HAPI.built())]
    command += [f"--server.port={port}", "--server.address=127.0.0.1"]
    command += ["--spring.datasource.url=jdbc:h2:mem:interop", "--hapi.fhir.fhir_version=R4"]
    command += ["--hapi.fhir.enforce_referential_integrity_on_write=false"]
    with responding(command, "hapi.log", f"{base}/metadata"):
        yield base


@contextlib.contextmanager
def fhir_gateway(fhir_base: str, issuer: str) -> Iterator[str]:
    """Run Google's gateway in front of a FHIR base until the block ends, and yield its own base.

    Its `patient` access checker lets through what it can attribute to the token's patient.
    """
    jar, port = _GATEWAY.built(), free_port()
    base = f"http://localhost:{port}/fhir"
    queries = _GATEWAY.folder / "resources" / "hapi_page_url_allowed_queries.json"
    settings = {
        "PROXY_TO": fhir_base,
        "TOKEN_ISSUER": issuer,
        "ACCESS_CHECKER": "patient",
        "BACKEND_TYPE": "HAPI",
        "ALLOWED_QUERIES_FILE": str(queries),
    }
    command = ["java", "-Xmx400m", "-jar", str(jar), f"--server.port={port}"]
    ready = f"{base}/.well-known/smart-configuration"
    with responding(command, "fhir-gateway.log", ready, {**os.environ, **settings}):
        yield base
