"""Asks the deployed launch function whether it answers; before the doctor looks further.

A request without `iss` must come back as `iss_missing`: so the function is deployed, has read its
configuration, may be called by anyone, and is reached under its own name at the public address.

Run as `python infra/smoke.py smart.toml`: the address is the configuration's own.
"""

import json
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

# Right after a first deployment the right to call, or a certificate, may take its time.
ATTEMPTS = 6
PAUSE_SECONDS = 15.0
_ANSWER_SECONDS = 40.0
_MOST_BYTES = 100_000


def problem(public_url: str) -> str | None:
    """What is wrong with launch at this address; None where it answers as it should."""
    address = f"{public_url}/launch"
    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 - the operator's own address
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - as above
            return f"{address} answers {answer.status}; 400 was expected."
    except urllib.error.HTTPError as error:
        code = _code(error.read(_MOST_BYTES))
        if code == "iss_missing":
            return None
        if error.code == 403 and code is None:
            return f"{address} may not be called by everyone: docs/deploy.md, Public invocation."
        return f"{address} answers {error.code} with {code or 'something other than our JSON'}."
    except OSError as error:
        return f"{address} cannot be reached: {error}."


def _code(body: bytes) -> str | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return str(document["code"]) if isinstance(document, dict) and "code" in document else None


def main(public_url: str) -> None:
    """Try until launch answers; end the process with 1 and the last problem where it does not."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        found = problem(public_url)
        if found is None:
            sys.stdout.write(f"{public_url}/launch answers.\n")
            return
    sys.exit(found)


if __name__ == "__main__":
    main(tomllib.loads(Path(sys.argv[1]).read_text("utf-8"))["public_url"])
