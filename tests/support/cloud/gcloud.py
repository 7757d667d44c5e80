"""The gcloud commands of cloudbuild.yaml and of the pages for operators, and gcloud's own verdict
on each.

A shell collects them: it runs the text with nothing on its path and a gcloud that records its line
and arguments, so that loops, quotes and variables work as in a reader's shell. For a loop in the
documentation, only the first iteration is kept.
"""

import contextlib
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from infra.deployment import FILE, Deployment, read, write
from tests.support.app.servers import ROOT
from tests.support.cloud import gcloud_process, guide

GCLOUD = shutil.which("gcloud")
_BUNDLED = Path("/usr/lib/google-cloud-sdk/platform/bundledpythonunix/bin/python3")
ACCEPTED = "You do not currently have an active account selected."
# Without a newline, after which bash would write: concurrent commands write into one file.
_END = "\x1e"
_RECORDER = (
    rf"""gcloud() {{ printf '%s\0' "${{BASH_LINENO[-1]}}" "$@" $'{_END}' >> record; echo x; }}"""
)
# In a list a block is indented.
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_PAGES = ("privacy.md", "runbook.md", "upkeep.md", "oracle-first-launch.md")
# A complete command in a line of text.
_INLINE = re.compile(r"`(gcloud [^`…]+ --[^`…]+)`")
_KEY = "projects/keys/locations/europe-west1/keyRings/smart/cryptoKeys/smart"
_POOL = "projects/my-project/locations/europe-west1/workerPools/smart"
_VARIABLES = (
    "PROJECT=my-project REGION=europe-west1 FUNCTIONS='launch callback' JOBS=nightly "
    "WITH_SESSIONS=callback "
    f"INFRA=infra REPLICATION='{{}}' REPOSITORY=smart KMS_KEY={_KEY} WORKER_POOL={_POOL}\n"
)
# The files that the documented commands use. gcloud reads them before it looks for an account.
_FILES = (
    "smart.toml",
    "jwks.json",
    "key-2026-11.pem",
    "backend.pem",
    "epic-jwks.json",
    "clinic-ca.pem",
)
_INPUT = '{"userManaged": {"replicas": [{"location": "europe-west1"}]}}'
_RULES = ("ingress.yaml", "egress.yaml")

Command = tuple[str, ...]


def build_configuration(name: str = "cloudbuild.yaml") -> dict[str, Any]:
    """Return a build's configuration."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text("utf-8"))
    return loaded


def substituted(text: str, values: Mapping[str, str]) -> str:
    """Return a text of cloudbuild.yaml as Cloud Build passes it on, with $NAME and ${NAME} filled
    in.
    """
    name = re.compile(r"\$(?:(\$)|\{(\w+)\}|([A-Z]\w*))")
    return name.sub(lambda match: match[1] or values[match[2] or match[3]], text)


def of_build(folder: Path, state: Deployment | None = None) -> list[Command]:
    """Return the gcloud commands of cloudbuild.yaml, with the files made from `state`."""
    state = state or read(ROOT / FILE)
    write(state, state.project, folder / "build" / "deployment")
    values = {"PROJECT_ID": state.project, "COMMIT_SHA": ""}
    commands: list[Command] = []
    for step in build_configuration()["steps"]:
        arguments = [substituted(argument, values) for argument in step["args"]]
        if step["entrypoint"] == "gcloud":
            commands.append(tuple(arguments))
        elif arguments[0] == "-ceu" and "traffic.sh" not in arguments[1]:
            # That file's commands depend on gcloud's output: tests/deploy/test_releases.py.
            commands += _recorded(arguments[1], folder, every=True)
    return commands


def of_documentation(folder: Path, walked: Collection[str]) -> list[Command]:
    """Return the gcloud commands of the pages for operators, from their blocks run in order in one
    shell.

    If commands differ only in the values of their flags, keep the first. Blocks below a `walked`
    heading of the guide's pages are left out, because other tests run them.
    """
    words = 'stop_at_error() { :; }\nagain() { "$@"; }\nfits_in_secret() { :; }\n'
    blocks = [
        one.text
        for one in guide.everywhere(ROOT)
        if one.language == "sh" and (one.sets or one.heading not in walked)
    ]
    blocks = [block for block in blocks if "infra/guide.sh" not in block]
    blocks += [block for page in _PAGES for block in documented("sh", page)]
    blocks += _INLINE.findall((ROOT / "docs/never-run.md").read_text("utf-8"))
    for name in ("monitoring", "cleanup"):
        shutil.copytree(ROOT / "infra" / name, folder / "infra" / name)
    # Blocks in parentheses are separate shells, where the recorder would restart its line count.
    script = "\n".join(blocks).replace("( stop_at_error || exit\n", "\n").replace("\n)\n", "\n\n")
    commands: dict[Command, Command] = {}
    for command in _recorded(f"{words}{_VARIABLES}{script}", folder, every=False):
        commands.setdefault(tuple(word.partition("=")[0] for word in command), command)
    return list(commands.values())


def documented(language: str, page: str | None = None) -> list[str]:
    """Return the blocks of a page, or of the guide's pages, in a language, in order."""
    pages = guide.PAGES if page is None else (f"docs/{page}",)
    blocks = [one for name in pages for one in _BLOCK.findall((ROOT / name).read_text("utf-8"))]
    return [textwrap.dedent(block) for _, of, block in blocks if of == language]


def _recorded(script: str, folder: Path, *, every: bool) -> list[Command]:
    (folder / "record").write_text("")
    subprocess.run(
        ["/bin/bash", "-c", f"{_RECORDER}\n{script}"],
        cwd=folder,
        env={"PATH": "/nonexistent"},
        capture_output=True,
        check=False,
    )
    kept: dict[str, Command] = {}
    for record in (folder / "record").read_text().split(f"\0{_END}\0")[:-1]:
        line, *arguments = record.split("\0")
        kept.setdefault(record if every else line, tuple(arguments))
    return list(kept.values())


@contextlib.contextmanager
def loaded(folder: Path) -> Iterator[Path]:
    """Keep gcloud loaded until the block ends (see `gcloud_process`). Yield its program."""
    client, path, program = folder / "client.py", folder / "gcloud.socket", folder / "bin/gcloud"
    client.write_text(gcloud_process.CLIENT)
    guide.program(
        program.parent, program.name, f'exec {sys.executable} -S -E -I {client} {path} "$@"'
    )
    python = _BUNDLED if _BUNDLED.exists() else Path("/usr/bin/python3")
    with subprocess.Popen(
        [python, "-S", ROOT / "tests/support/cloud/gcloud_process.py", path],
        stdout=subprocess.PIPE,
        env={"HOME": str(folder), "CLOUDSDK_CONFIG": str(folder / "none")},
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield program
        finally:
            server.terminate()


def verdicts(program: Path, commands: list[Command], folder: Path) -> dict[Command, str]:
    """Return gcloud's output for each, without credentials, prompts or network: see `accepts`."""
    for name in ("cloudbuild.yaml", "cloudbuild-test.yaml", ".gcloudignore"):
        shutil.copy(ROOT / name, folder)
    for name in _FILES:
        (folder / name).touch()
    for name, rules in zip(_RULES, documented("yaml", "organization.md")[-2:], strict=True):
        (folder / name).write_text(rules)
    # The source for the bucket of a custom frontend must be a folder.
    (folder / "examples/own-page").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda command: run(program, command, folder), commands))
    said = [one.stderr if one.returncode else ACCEPTED for one in ended]
    return dict(zip(commands, said, strict=True))


def run(
    program: Path, command: Command, folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run gcloud in `folder`, with its configuration there, without account or network."""
    return subprocess.run(
        [program, *command],
        cwd=folder,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "CLOUDSDK_CONFIG": str(folder / "configuration"),
            "CLOUDSDK_CORE_PROJECT": "my-project",
            **gcloud_process.SILENCE,
            "https_proxy": "http://127.0.0.1:9",
            **variables,
        },
        input=_INPUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def accepts(verdict: str) -> bool:
    """Return whether gcloud accepted the arguments: it found no account, or succeeded."""
    return ACCEPTED in verdict
