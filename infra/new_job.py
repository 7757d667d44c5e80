"""Adds a job to the project in the current folder, for `smart-calc new --job NAME`.

It writes functions/NAME/main.py, tests/test_NAME.py and the job's table in deployment.toml.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra import project
from infra.project import DEPLOYMENT, PRODUCT, ProjectRefused, package_of

# A job runs for up to half an hour, the longest that Cloud Scheduler waits. With one instance for
# one request, a run that overlaps another one is refused (docs/backend.md).
_TABLE = """
[functions.{name}]
cpu = 1
memory_mib = 1024
concurrency = 1
timeout_seconds = 1800
min_instances = 0
max_instances = 1
invokers = ["serviceAccount:job-scheduler@{project}.iam.gserviceaccount.com"]
"""
_NAMED = "nightly"  # in the templates
_WRITTEN = {"job.py": "functions/{}/main.py", "running_a_job.py": "tests/test_{}.py"}


def main(arguments: Sequence[str]) -> int:
    """Return 0, or 2 and write nothing if the job can't be added."""
    here, name = Path.cwd(), arguments[0]
    try:
        problem = _problem(here, name)
    except (OSError, UnicodeDecodeError, ProjectRefused) as error:
        problem = f"{DEPLOYMENT} can't be read: {error}"
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
        return 2
    with (here / DEPLOYMENT).open("a", encoding="utf-8") as file:
        file.write(_TABLE.format(name=name, project=_content(here)["project"]))
    for source, place in _WRITTEN.items():
        text = (package_of(PRODUCT) / "project" / source).read_text("utf-8")
        target = here / place.format(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace(_NAMED, name), encoding="utf-8")
    sys.stdout.write(
        f"Added functions/{name}/main.py, tests/test_{name}.py and [functions.{name}] in "
        f"{DEPLOYMENT}. Run the test with `pytest`, and read docs/backend.md.\n"
    )
    return 0


def _problem(folder: Path, name: str) -> str | None:
    if not (folder / DEPLOYMENT).is_file():
        return f"There is no {DEPLOYMENT} in this folder. Run this in a project's folder."
    if problems := project.name_problems(name):
        return problems[0]
    places = [folder / place.format(name) for place in _WRITTEN.values()]
    for taken in (places[0].parent, *places):
        if taken.exists():
            return f"{taken.relative_to(folder)} exists already. Choose another name."
    content = _content(folder)
    if not isinstance(content.get("project"), str):
        return f"{DEPLOYMENT} has no project."
    if name in content.get("functions", {}):
        return f"{DEPLOYMENT} already has [functions.{name}]. Remove it, or choose another name."
    return None


def _content(folder: Path) -> dict[str, Any]:
    return project.parsed((folder / DEPLOYMENT).read_text("utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
