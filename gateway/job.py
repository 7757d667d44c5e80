"""Runs one job of the project in the current folder: `python -m gateway.job NAME`.

SMART_CONFIG names the configuration. The job gets a POST request, as from Cloud Scheduler. Its log
and its response go to stdout.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.own_functions import OwnFunction
from infra import project
from infra.project import ProjectRefused


def main(arguments: Sequence[str]) -> int:
    """Return 0 if the job succeeds, 1 if it raises or its status is 400 or above, and 2 if there's
    no such job.
    """
    try:
        found = project.read(Path.cwd())
    except ProjectRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    name = arguments[0] if len(arguments) == 1 else ""
    if name not in found.jobs:
        known = f"It has: {', '.join(found.jobs)}." if found.jobs else "It has none."
        sys.stderr.write(f"This project has no job {name}. {known}\n")
        return 2
    config = Path(os.environ.get("SMART_CONFIG", ""))
    if not config.is_file():
        sys.stderr.write(f"There is no file {config}. Specify it with --config FILE.\n")
        return 1
    function = OwnFunction(name, found.source(name))
    response = function.test_client(use_cookies=False).post(f"/{name}/")
    print(response.get_data(as_text=True), flush=True)
    return 0 if response.status_code < 400 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
