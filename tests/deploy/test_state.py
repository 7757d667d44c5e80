"""deployment.toml: what is wrong with it is said, all of it, before anything is sent."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.deployment import FILE, read, service, with_sessions, write
from infra.project import ProjectRefused
from infra.stage import FUNCTIONS
from tests.deploy.guide_walk import KMS_KEY
from tests.support.app.servers import ROOT
from tests.support.cloud.guide import PAGES

TEXT = (ROOT / FILE).read_text("utf-8")
WITH_SESSIONS = with_sessions(FUNCTIONS)


def problems(folder: Path, text: str) -> str:
    (folder / FILE).write_text(text)
    with pytest.raises(ProjectRefused) as unusable:
        read(folder / FILE)
    return str(unusable.value)


def test_the_file_of_this_repository_is_sound() -> None:
    assert set(read(ROOT / FILE).functions) == set(FUNCTIONS)


# The text in the file, its replacement, and the message that results.
MISTAKES = [
    ('ingress = "all"', 'ingress = "everyone"', "ingress: is not all or internal-and-gclb"),
    ('callers = "all_users"', "", "callers: is missing"),
    ("[quota]", "[quotas]", "quotas: is not a setting. Did you mean"),
    ('project = "my-project"', 'project = "My Project"', "project: is not a project ID: 6 to 30"),
    ('region = "europe-west1"', "region = 1", "region: must be a text"),
    ("smart-toml = 1", 'smart-toml = "latest"', "smart-toml: must be a whole number"),
    ("smart-toml = 1", "", "versions.smart-toml: is missing"),
    ("[secrets]", '[secrets]\n"/a" = "s:1"', "must be the path of a file in a folder"),
    ("[secrets]", '[secrets]\n"/clients/a/b" = "s:latest"', "must be SECRET:VERSION"),
    ("[secrets]", '[secrets]\n"/keys/other" = "s:1"', "each secret needs its own folder"),
    ("[public_keys]", '[public_keys]\n"/config/j/k" = "s:1"', "its own folder"),
    ("[public_keys]", '[public_keys]\n"/keys2/j" = "s:1"', "/keys2/j: must be below /jwks/"),
    ("[cds_keys]", '[cds_keys]\n"/keys2/j" = "s:1"', "/keys2/j: must be below /cds/"),
    ("[authorities]\n", '[authorities]\n"/a/b" = "s:1"\n', "must be below /authorities/"),
    ('kms_key = ""', 'kms_key = "smart"', "kms_key: is not projects/PROJECT/locations"),
    ('kms_key = ""', f'kms_key = "{KMS_KEY.replace("1", "4")}"', "kms_key: isn't in the region"),
    ('worker_pool = ""', 'worker_pool = "a/b"', "worker_pool: is not projects/PROJECT"),
    ('connector = ""', 'connector = "Smart"', "egress.connector: is not a"),
    ('connector = ""', 'connector = "projects/net/smart"', "or projects/HOST/locations/REGION"),
    ('network = ""', 'network = "net"', "network: must be set together"),
    ('network = ""', 'network = "projects/h/networks/n"', "egress.network: is not the name"),
    ('subnet = ""', 'subnet = "a/b"', "egress.subnet: is not the name"),
    ('traffic = "all"', 'traffic = "some"', "egress.traffic: is not all or"),
    ("min_instances = 0", "min_instances = 9", "min_instances: is more than max_instances"),
    ("concurrency = 16", "concurrency = 0", "concurrency: must be 1 or more"),
    ("max_instances = 5", "max_instances = 50", "vcpu: all functions at their max_instances"),
    ("memory_gib = 40", "memory_gib = 4", "memory_gib: all functions at their max_instances"),
    ("[functions.launch]", "[functions.lunch]", "lunch: is not a setting. Did you"),
    ("[versions]", "[versions", "isn't valid TOML"),
    ('kms_key = ""', "kms_key =", 'kms_key has no value. For an empty one, write kms_key = "".'),
]


def test_each_mistake_is_named(tmp_path: Path) -> None:
    for old, new, said in MISTAKES:
        assert old in TEXT
        assert said in problems(tmp_path, TEXT.replace(old, new)), new


def test_a_function_without_its_table_is_named_once(tmp_path: Path) -> None:
    text = problems(tmp_path, TEXT.replace("[functions.launch]", "[functions.lunch]"))
    assert "functions.launch: is missing." in text
    assert text.count("\n") == 1


def test_a_job_has_invokers_and_gets_only_keys_of_backend_services(tmp_path: Path) -> None:
    source = tmp_path / "functions/nightly/main.py"
    source.parent.mkdir(parents=True)
    source.write_text("from smart_calc import api\n@api.job\ndef nightly(call): ...\n")
    size = TEXT[TEXT.index("[functions.launch]\n") :].split("\n\n")[0]
    table = size.replace("launch", "nightly").replace("max_instances = 3", "max_instances = 1")
    account = "serviceAccount:a@my-project.iam.gserviceaccount.com"
    text = TEXT.replace("[secrets]", '[secrets]\n"/clients/a/key" = "other:1"')
    text = text.replace("[backend_keys]", '[backend_keys]\n"/backend/a/key" = "key:1"')
    for invokers, said in (
        (None, "nightly.invokers: is missing"),
        ('"x"', "functions.nightly.invokers: must be a list"),
        ("[]", "invokers: is empty"),
        ('["allUsers"]', "'allUsers' isn't serviceAccount:"),
        ('["allAuthenticatedUsers"]', "'allAuthenticatedUsers' isn't serviceAccount:"),
        ('["domain:example.org"]', "'domain:example.org' isn't serviceAccount:"),
        ('["user:*"]', "'user:*' isn't serviceAccount:"),
        ("[1]", "1 isn't serviceAccount:"),
    ):
        line = "" if invokers is None else f"invokers = {invokers}\n"
        assert said in problems(tmp_path, f"{text}\n{table}\n{line}")
    of_public = text.replace("[functions.launch]", f'[functions.launch]\ninvokers = ["{account}"]')
    assert "functions.launch.invokers: is not a setting" in problems(tmp_path, of_public)
    (tmp_path / FILE).write_text(f'{text}\n{table}\ninvokers = ["{account}"]\n')
    state = read(tmp_path / FILE)
    assert "nightly" not in state.public
    assert set(state.mounts("nightly").values()) == {"smart-toml:1", "key:1"}
    assert "key:1" not in {one for name in state.public for one in state.mounts(name).values()}
    write(state, state.project, tmp_path / "out")
    policy = json.loads((tmp_path / "out/invokers-nightly.json").read_text())
    assert policy == {"bindings": [{"role": "roles/run.invoker", "members": [account]}]}
    shell = (tmp_path / "out/shell").read_text()
    assert "\nJOBS='nightly'\n" in shell
    assert "nightly" not in shell.replace("JOBS='nightly'", "")


@pytest.mark.calculators
def test_the_guide_says_what_the_sizes_ask_for_and_that_leaves_room_in_a_new_project() -> None:
    sizes = read(ROOT / FILE).functions.values()
    cpu = sum(size["cpu"] * size["max_instances"] for size in sizes)
    memory = sum(size["memory_mib"] * size["max_instances"] for size in sizes) / 1024
    requests = sum(size["concurrency"] * size["max_instances"] for size in sizes)
    guide = " ".join((ROOT / "docs" / "production.md").read_text("utf-8").split())
    assert f"ask for {cpu} vCPUs and {memory:g} GiB" in guide
    assert f"allow {requests} requests at once" in guide
    assert cpu < 20


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    text = TEXT.replace('ingress = "all"', 'ingress = "x"').replace(
        'traffic = "all"', 'traffic = "y"'
    )
    assert problems(tmp_path, text).count("\n") == 1


def test_a_build_in_another_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectRefused, match="this build is in another"):
        write(read(ROOT / FILE), "another", tmp_path)


def test_a_deployment_sets_every_setting() -> None:
    """gcloud leaves unspecified settings unchanged, so the flags must cover the whole file."""
    for name, size in tomllib.loads(TEXT)["functions"].items():
        flags = read(ROOT / FILE).flags(name)
        wanted = {
            "--ingress-settings": "all",
            "--cpu": str(size["cpu"]),
            "--memory": f"{size['memory_mib']}Mi",
            "--timeout": f"{size['timeout_seconds']}s",
            "--min-instances": str(size["min_instances"]),
            "--max-instances": str(size["max_instances"]),
            "--clear-vpc-connector": None,
            "--clear-kms-key": None,
            "--clear-docker-repository": None,
            "--clear-build-worker-pool": None,
        }
        assert {flag: flags[flag] for flag in wanted} == wanted, name


SHARED = "projects/host/locations/europe-west1/connectors/smart"
DIRECT = ("projects/host/global/networks/n", "projects/host/regions/europe-west1/subnetworks/s")


def test_traffic_leaves_by_a_connector_or_by_a_subnet_of_a_shared_network(tmp_path: Path) -> None:
    def flags(**egress: str) -> dict[str, object]:
        lines = "".join(f'{name} = "{value}"\n' for name, value in egress.items())
        text = TEXT.replace('connector = ""\nnetwork = ""\nsubnet = ""\n', lines)
        if "network" not in egress:
            text = text.replace('kms_key = ""\n', "").replace('worker_pool = ""\n', "")
        (tmp_path / FILE).write_text(text)
        return dict(read(tmp_path / FILE).flags("launch"))

    plain = flags(connector="", network="", subnet="")
    del plain["--clear-vpc-connector"]
    by_connector = {"--vpc-connector": SHARED, "--egress-settings": "all"}
    assert flags(connector=SHARED, network="", subnet="") == plain | by_connector
    # As a file of an earlier release has it.
    assert flags(connector=SHARED) == plain | by_connector
    network, subnet = DIRECT
    assert flags(connector="", network=network, subnet=subnet) == plain | {
        "--network": network,
        "--subnet": subnet,
        "--direct-vpc-egress": "all",
    }
    with pytest.raises(ProjectRefused, match=r"egress\.network as well\. Leave one of them empty"):
        flags(connector=SHARED, network=network, subnet=subnet)


NEW_KEY = '"/new-keys/sealing" = "smart-sealing-key:2"'
CREDENTIALS = '"/clients/epic/key" = "smart-epic-key:1"'
JWKS = '"/jwks/jwks.json" = "smart-jwks:1"'


@pytest.mark.parametrize(
    ("edits", "mounted", "by"),
    [
        ([("[secrets]\n", f"[secrets]\n{NEW_KEY}\n")], NEW_KEY, WITH_SESSIONS),
        (
            [("smart-sealing-key = 1", "smart-sealing-key = 2"), (f"{NEW_KEY}\n", "")],
            '"/keys/sealing" = "smart-sealing-key:2"',
            WITH_SESSIONS,
        ),
        ([(JWKS, JWKS.replace(":1", ":2"))], JWKS.replace(":1", ":2"), ["launch"]),
        (
            [(CREDENTIALS, CREDENTIALS.replace(":1", ":2"))],
            CREDENTIALS.replace(":1", ":2"),
            WITH_SESSIONS,
        ),
    ],
    ids=["a second sealing key", "the old one goes", "public keys", "a private key"],
)
def test_a_documented_change_of_a_key_changes_that_mount_and_nothing_else(
    tmp_path: Path, edits: list[tuple[str, str]], mounted: str, by: Sequence[str]
) -> None:
    """The others are replayed on the fake cloud, in test_first_deployment.py."""
    guide = "".join((ROOT / page).read_text("utf-8") for page in PAGES)
    assert all(line in guide for line in (NEW_KEY, CREDENTIALS, JWKS))
    text = TEXT.replace("[secrets]\n", f"[secrets]\n{CREDENTIALS}\n")
    text = text.replace("[public_keys]\n", f"[public_keys]\n{JWKS}\n")
    if edits[-1][1] == "":
        text = text.replace("[secrets]\n", f"[secrets]\n{NEW_KEY}\n")
    (tmp_path / "before.toml").write_text(text)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "after.toml").write_text(text)
    before, after = read(tmp_path / "before.toml"), read(tmp_path / "after.toml")
    ((path, secret),) = tomllib.loads(mounted).items()
    for name in FUNCTIONS:
        was, now = dict(before.flags(name)), dict(after.flags(name))
        mounts = before.mounts(name)
        wanted = {**mounts, path: secret} if name in by else mounts
        if edits[-1][1] == "":
            wanted = {at: of for at, of in wanted.items() if at != "/new-keys/sealing"}
        assert now.pop("--set-secrets") == wanted
        del was["--set-secrets"]
        assert now == was


def test_the_command_prints_what_the_guide_uses_and_refuses_what_it_does_not_know() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infra.deployment", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run("check").stdout == ""
    shell = run("shell").stdout
    assert "PROJECT='my-project'\n" in shell
    assert f"FUNCTIONS='{' '.join(map(service, FUNCTIONS))}'\n" in shell
    assert len(run("commit").stdout.split("+")[0].strip()) in {40, len("unknown")}
    assert run("deploy").returncode == 2
