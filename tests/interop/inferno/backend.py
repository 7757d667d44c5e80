"""Jobs at Inferno's reference server, which grants client_credentials to a registered client.

    .venv/bin/python -m tests.interop.inferno.backend

README.md in this folder says what it needs, except for Chromium. Each line is one step; the exit
status is 1 if one of them failed. Not part of `make test`.
"""

import sys
import time

from tests.interop import backend_job, chart_session
from tests.interop.backend_job import Service
from tests.interop.inferno.servers import JETTY, TAG, TOKEN, inferno
from tests.interop.report import Report

SERVICES = (
    Service("ES384"),
    Service("RS384", "rsa"),
    Service("not-enabled", enabled=False, cause="grant_not_enabled"),
    # Its words for both: Issuer must be a registered client with client_credentials grant type.
    Service("not-registered", cause="grant_not_enabled"),
)


def _client(service: Service) -> dict[str, object]:
    # It reads the assertion's `iss` and checks nothing else of it, so it needs no key.
    grant = "client_credentials" if service.enabled else "authorization_code"
    return {
        "clientId": service.name,
        "clientAuthenticationMethod": "private_key_jwt",
        "authorizationGrantType": grant,
    }


def main() -> int:
    """Run everything; 1 if a step failed."""
    start, report = time.monotonic(), Report()
    with inferno([_client(one) for one in SERVICES if one.name != "not-registered"]) as base:
        chart_session.write_charts(base, token=TOKEN)
        for service in SERVICES:
            backend_job.run(service, base, report)
    took = round(time.monotonic() - start)
    names = f"Inferno reference server {TAG}, Jetty {JETTY}"
    print(f"{names}: {report.summary()}, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
