"""The steps of a release on the command line: `smart-calc release STEP`.

pin, addresses, move, settle   the traffic steps of cloudbuild.yaml, with your own account
rollback                       route all traffic to the release before the current one
end-sessions                   create a new sealing key and destroy all older ones
smoke [--candidates FILE]      check that the deployed functions respond

The steps are functions in infra/traffic.sh and infra/end_sessions.sh. They run gcloud for the
project in deployment.toml.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra import deployment
from infra.project import PRODUCT, ProjectRefused

_FUNCTIONS: Mapping[str, str] = {
    "pin": "pin",
    "addresses": "lend_addresses",
    "move": "move",
    "settle": "settle",
    "rollback": "roll_back",
    "end-sessions": "end_sessions",
}
# The files in build/deployment/ that a step reads or writes next to, and what makes each.
_MADE_BY: Mapping[str, str] = {
    "ingress": "`smart-calc deployment write PROJECT`",
    "before": "`smart-calc release pin`",
    "candidates-verdict": "the build's check of the new revisions (cloudbuild.yaml)",
    "verdict": "the build's last check (cloudbuild.yaml)",
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "pin": ("ingress",),
    "addresses": ("ingress",),
    "move": ("ingress", "before", "candidates-verdict"),
    "settle": ("ingress", "before", "verdict"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one step in the current folder; return its exit status, or 2 for an unknown step."""
    step = _FUNCTIONS.get(arguments[0]) if len(arguments) == 1 else None
    if step is None:
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        settings = deployment.read(Path.cwd() / deployment.FILE)
    except ProjectRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name in _NEEDS.get(arguments[0], ()):
        if not (Path("build/deployment") / name).is_file():
            sys.stderr.write(
                f"There is no build/deployment/{name}, which {_MADE_BY[name]} writes. Run that "
                f"before `smart-calc release {arguments[0]}`.\n"
            )
            return 1
    read = "".join(
        f". {shlex.quote(str(PRODUCT / 'infra' / name))}\n"
        for name in ("traffic.sh", "end_sessions.sh")
    )
    script = f"{deployment.shell(settings)}{read}{step}\n"
    environment = {**os.environ, "CLOUDSDK_CORE_PROJECT": settings.project}
    ended = subprocess.run(["bash", "-ceu", script], env=environment, check=False)  # noqa: S603, S607 - fixed arguments
    if step == "roll_back" and ended.returncode == 0:
        sys.stdout.write("Now check the app: smart-calc doctor\n")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
