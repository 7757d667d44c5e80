"""Reads deployment.toml, and derives the gcloud flags of a deployment from it.

Run in the project's folder as `smart-calc deployment`

- `check`: list all problems;
- `shell`: print the variables for the commands in docs/deploy.md, from PROJECT to WORKER_POOL;
- `guide`: print them and the guide's shell functions, for `eval "$(smart-calc deployment guide)"`;
- `commit`: print the commit to deploy, with "+changes" if files differ from it;
- `write PROJECT`: for a build in that project, write the files that its steps read to
  build/deployment/.

Standard library only, because it runs before anything is installed.
"""

import json
import shlex
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from infra import project
from infra.deployment_checks import CONFIGURATION, INVOKERS, SEALING_KEY, problems_in, with_defaults
from infra.project import PRODUCT, ProjectRefused
from infra.stage import commit_of

FILE = project.DEPLOYMENT
RUNTIME = "python313"
# Functions without sessions don't need the sealing key and the client credentials.
# A job's instance serves one run at a time, but the run can read with several threads, and reads of
# an EHR that hangs are given up if no thread is free (shared/outbound/bulkheads.py).
_THREADS_OF_JOB = 16
_WITHOUT_SESSIONS = frozenset({"launch", "cds_services"})


@dataclass(frozen=True)
class Deployment:
    """The checked file. `secrets`, `backend_keys` and the tables of FOUND_BELOW map a path to
    SECRET:VERSION. `invokers` has the callers of each job.
    """

    project: str
    region: str
    ingress: str
    callers: str
    versions: Mapping[str, int]
    secrets: Mapping[str, str]
    public_keys: Mapping[str, str]
    cds_keys: Mapping[str, str]
    authorities: Mapping[str, str]
    egress: Mapping[str, str]
    kms_key: str
    worker_pool: str
    functions: Mapping[str, Mapping[str, int]]
    backend_keys: Mapping[str, str]
    invokers: Mapping[str, Sequence[str]]

    @property
    def public(self) -> tuple[str, ...]:
        """The functions that everyone can call. The others are jobs, with their `invokers`."""
        return tuple(name for name in self.functions if name not in self.invokers)

    @property
    def repository(self) -> str:
        """The image repository. Cloud Functions' default one doesn't use your key."""
        return "smart" if self.kms_key else "gcf-artifacts"

    def mounts(self, name: str) -> Mapping[str, str]:
        """Return a function's secrets as SECRET:VERSION, by their path."""
        configuration = {CONFIGURATION: f"smart-toml:{self.versions['smart-toml']}"}
        configuration |= self.authorities
        if name in self.invokers:
            return configuration | dict(self.backend_keys)
        if name in _WITHOUT_SESSIONS:
            return configuration | dict(self.public_keys if name == "launch" else self.cds_keys)
        sealing = {SEALING_KEY: f"smart-sealing-key:{self.versions['smart-sealing-key']}"}
        return configuration | sealing | dict(self.secrets)

    def flags(self, name: str) -> Mapping[str, object]:
        """Return all flags of `gcloud functions deploy`, because an omitted flag keeps its old
        value.

        Neither --allow-unauthenticated nor its opposite is set: on an existing function, gcloud
        would revoke public access until the build's step `public`.
        """
        size = self.functions[name]
        threads = size["concurrency"] if name in self.public else _THREADS_OF_JOB
        accounts = f"@{self.project}.iam.gserviceaccount.com"
        build = f"projects/{self.project}/serviceAccounts/smart-build{accounts}"
        return {
            "--gen2": None,
            "--project": self.project,
            "--region": self.region,
            "--runtime": RUNTIME,
            "--source": f"build/{name}",
            "--entry-point": name,
            "--trigger-http": None,
            "--ingress-settings": self.ingress,
            "--service-account": f"smart-{service(name)}{accounts}",
            "--build-service-account": build,
            "--set-secrets": dict(self.mounts(name)),
            "--set-env-vars": {"SMART_CONFIG": CONFIGURATION, "THREADS": str(threads)},
            # Google's buildpack compiles the function's source, and the image then gets another
            # date for every file. With this variable, Python checks a hash instead of the date
            # (PEP 552). Otherwise each cold start would compile the source again.
            "--set-build-env-vars": {"SOURCE_DATE_EPOCH": "315532801"},
            "--concurrency": str(size["concurrency"]),
            "--cpu": str(size["cpu"]),
            "--memory": f"{size['memory_mib']}Mi",
            "--timeout": f"{size['timeout_seconds']}s",
            "--min-instances": str(size["min_instances"]),
            "--max-instances": str(size["max_instances"]),
            **self._encryption(),
            **self._build_pool(),
            **self._egress(),
            "--quiet": None,
        }

    def _encryption(self) -> Mapping[str, object]:
        """Return the flags for your own key; gcloud requires a repository with the same key."""
        if not self.kms_key:
            return {"--clear-kms-key": None, "--clear-docker-repository": None}
        place = f"projects/{self.project}/locations/{self.region}/repositories/{self.repository}"
        return {"--kms-key": self.kms_key, "--docker-repository": place}

    def _build_pool(self) -> Mapping[str, object]:
        if not self.worker_pool:
            return {"--clear-build-worker-pool": None}
        return {"--build-worker-pool": self.worker_pool}

    def _egress(self) -> Mapping[str, object]:
        """Return the flags for a connector, a subnet of a network (Direct VPC egress), or neither.

        According to Google's page on Direct VPC egress of functions, its three flags need gcloud
        558.0.0.
        """
        egress = self.egress
        if egress["connector"]:
            connector = {"--vpc-connector": egress["connector"]}
            return {**connector, "--egress-settings": egress["traffic"]}
        if egress["network"]:
            network = {"--network": egress["network"], "--subnet": egress["subnet"]}
            return {**network, "--direct-vpc-egress": egress["traffic"]}
        return {"--clear-vpc-connector": None}


def service(function: str) -> str:
    """Return the name of a function's Cloud Run service; its account is `smart-` plus this name."""
    return function.replace("_", "-")


def with_sessions(functions: Collection[str]) -> tuple[str, ...]:
    """Return the functions, of those that aren't jobs, that open sessions."""
    return tuple(name for name in functions if name not in _WITHOUT_SESSIONS)


def read(path: Path) -> Deployment:
    """Read and check a project's deployment.toml. Raises ProjectRefused with every problem."""
    try:
        content = project.parsed(path.read_text("utf-8"))
        found = project.read(path.parent)
    except FileNotFoundError:
        raise ProjectRefused(
            f"There is no {path.name} in this folder. `smart-calc new` writes this file."
        ) from None
    except (OSError, ValueError) as error:
        raise ProjectRefused(f"{path.name} can't be read: {error}") from None
    content = with_defaults(content)
    problems = problems_in(content, found.names, found.jobs)
    if problems:
        raise ProjectRefused("\n".join(f"{path.name}: {one.title} {one.fix}" for one in problems))
    tables = content["functions"]
    kept: dict[str, Any] = {one.name: content.get(one.name) for one in fields(Deployment)}
    # The file may keep the table of a function that `calculators` leaves out.
    kept["functions"] = {name: tables[name] for name in found.names}
    kept["invokers"] = {name: tables[name][INVOKERS] for name in found.jobs}
    return Deployment(**kept)


def write(deployment: Deployment, project: str, out: Path) -> str:
    """Write the files that a build's steps read. Steps with gcloud's image can't run this code.

    FUNCTION.yaml has the flags, `shell` the output of that command, traffic.sh the steps of a
    release, requirements.txt the packages of the steps that call functions, `callers` and `ingress`
    one word each, invokers-SERVICE.json a job's policy, and `configuration` has lines of SECRET
    VERSION FILE. Return "" (nothing to print). Raise ProjectRefused in another project's build.
    """
    if project != deployment.project:
        raise ProjectRefused(
            f'{FILE}: project = "{deployment.project}", but this build is in {project}.'
        )
    out.mkdir(parents=True, exist_ok=True)
    for name in deployment.functions:
        (out / f"{name}.yaml").write_text(json.dumps(deployment.flags(name), indent=2) + "\n")
    for source in ("infra/traffic.sh", "functions/fhir_proxy/requirements.txt"):
        (out / Path(source).name).write_bytes((PRODUCT / source).read_bytes())
    (out / "shell").write_text(shell(deployment))
    for name, members in deployment.invokers.items():
        policy = {"bindings": [{"role": "roles/run.invoker", "members": list(members)}]}
        (out / f"invokers-{service(name)}.json").write_text(json.dumps(policy, indent=2) + "\n")
    (out / "callers").write_text(f"{deployment.callers}\n")
    (out / "ingress").write_text(f"{deployment.ingress}\n")
    wanted = {"smart.toml": f"smart-toml:{deployment.versions['smart-toml']}"}
    wanted |= {**deployment.public_keys, **deployment.cds_keys, **deployment.authorities}
    lines = [f"{secret.replace(':', ' ')} {path}\n" for path, secret in wanted.items()]
    (out / "configuration").write_text("".join(lines))
    return ""


def shell(deployment: Deployment) -> str:
    """Return the variables for the guide and for the steps of a release, for bash."""
    functions = " ".join(map(service, deployment.public))
    jobs = " ".join(map(service, deployment.invokers))
    sessions = " ".join(map(service, with_sessions(deployment.public)))
    return (
        f"PROJECT='{deployment.project}'\nREGION='{deployment.region}'\nFUNCTIONS='{functions}'\n"
        f"JOBS='{jobs}'\n"
        f"WITH_SESSIONS='{sessions}'\nINFRA={shlex.quote(str(PRODUCT / 'infra'))}\n"
        f"KMS_KEY='{deployment.kms_key}'\nREPLICATION='{_replication(deployment)}'\n"
        f"REPOSITORY='{deployment.repository}'\nWORKER_POOL='{deployment.worker_pool}'\n"
    )


def _replication(deployment: Deployment) -> str:
    """Return the location and key of secrets, for gcloud's `--replication-policy-file`."""
    replica: dict[str, object] = {"location": deployment.region}
    if deployment.kms_key:
        replica["customerManagedEncryption"] = {"kmsKeyName": deployment.kms_key}
    return json.dumps({"userManaged": {"replicas": [replica]}})


def _guide(deployment: Deployment) -> str:
    """Return the shell code that sets up a terminal like infra/guide.sh does in a clone."""
    words = (PRODUCT / "infra/guide.sh").read_text("utf-8").partition(_COMMON)[2]
    return f"{_FORGET}{shell(deployment)}{words}"


# After this line of infra/guide.sh, the setup is the same in a project and in a clone.
_COMMON = "# In a clone and in a project.\n"
# Don't keep an earlier PROJECT, even if the file is unusable.
_FORGET = "unset PROJECT\n"


def main(arguments: Sequence[str]) -> int:
    """Run one command; return 1 if the file is unusable, 2 if there is no such command."""
    here = Path.cwd()
    commands: Mapping[tuple[str, int], Callable[[Deployment], str]] = {
        ("check", 1): lambda _: "",
        ("shell", 1): shell,
        ("guide", 1): _guide,
        ("commit", 1): lambda _: commit_of(here) + "\n",
        ("write", 2): lambda deployment: write(deployment, arguments[1], here / "build/deployment"),
    }
    command = commands.get((arguments[0] if arguments else "", len(arguments)))
    if command is None:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        sys.stdout.write(command(read(here / FILE)))
    except ProjectRefused as error:
        sys.stdout.write(_FORGET if arguments[0] == "guide" else "")
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
