"""infra/preflight.sh names what an organization forbids; what it names lets a release end green.

The fake control plane with each policy switched on, one at a time; the release, which costs more,
with all of those at once that a setting answers.
"""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra import preflight
from infra.deployment import FILE, read
from tests.deploy.guide_walk import (
    DATABASE,
    KMS_KEY,
    PREFLIGHT,
    SHELL,
    TEXT,
    WORKER_POOL,
    Walk,
    deploy,
    edited,
    to_a_launch,
    under,
)
from tests.support.app.servers import ROOT
from tests.support.cloud import guide
from tests.support.cloud.cloud import Cloud
from tests.support.cloud.control_plane import run
from tests.support.cloud.control_plane.organization import APIS, FOLDER, ORGANIZATION
from tests.support.cloud.control_plane.server import run_in
from tests.support.cloud.control_plane.world import OPERATOR, World

NO_ALL: list[dict[str, Any]] = [{"values": {"allowedValues": ["ALLOW_INTERNAL_AND_GCLB"]}}]
OWN_MEMBERS: list[dict[str, Any]] = [{"values": {"allowedValues": ["is:C0123abcd"]}}]
EUROPE: list[dict[str, Any]] = [{"values": {"allowedValues": ["in:europe-west1-locations"]}}]
AMERICA: list[dict[str, Any]] = [{"values": {"allowedValues": ["in:us-locations"]}}]
ENFORCED: list[dict[str, Any]] = [{"enforce": True}]
OWN_KEYS: list[dict[str, Any]] = [
    {"values": {"deniedValues": ["is:firestore.googleapis.com", "is:bigquery.googleapis.com"]}}
]
ALL_EGRESS: list[dict[str, Any]] = [{"values": {"allowedValues": ["ALL_TRAFFIC"]}}]
OUR_POOL: list[dict[str, Any]] = [{"values": {"allowedValues": [WORKER_POOL]}}]
KEY = ('kms_key = ""', f'kms_key = "{KMS_KEY}"')
POOL = ('worker_pool = ""', f'worker_pool = "{WORKER_POOL}"')
INGRESS = "cloudfunctions.allowedIngressSettings"
MEMBERS = "iam.allowedPolicyMemberDomains"
INVOKER = "run.managed.requireInvokerIam"

# What is switched on, how deployment.toml is edited before, and what each finding then says.
POLICIES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str], list[str]]] = {
    "none": ({}, {}, []),
    "ingress": ({INGRESS: NO_ALL}, {}, ["follow docs/organization.md, Load balancer first"]),
    "ingress of Cloud Run": (
        {"run.allowedIngress": [{"values": {"allowedValues": ["is:internal"]}}]},
        {},
        ["exception from constraints/run.allowedIngress"],
    ),
    "own members": ({MEMBERS: OWN_MEMBERS}, {}, ['Set callers = "not_checked"']),
    "managed members": (
        {"iam.managed.allowedPolicyMembers": ENFORCED},
        {},
        ['Set callers = "not_checked"'],
    ),
    "invokers are checked": ({INVOKER: ENFORCED}, {}, []),
    "invokers are checked, and the check is off": (
        {INVOKER: ENFORCED},
        {'callers = "all_users"': 'callers = "not_checked"'},
        ['Set callers = "all_users"'],
    ),
    "no caller at all": (
        {INVOKER: ENFORCED, MEMBERS: OWN_MEMBERS},
        {},
        ['Set callers = "not_checked"', f"exception from constraints/{INVOKER}"],
    ),
    "our place": ({"gcp.resourceLocations": EUROPE}, {}, []),
    "another place": (
        {"gcp.resourceLocations": AMERICA},
        {},
        ["It allows: in:us-locations. Set region in deployment.toml before you create the"],
    ),
    "no Firestore": (
        {"gcp.restrictServiceUsage": [{"values": {"deniedValues": ["firestore.googleapis.com"]}}]},
        {},
        ["forbids the services firestore. Request an exception"],
    ),
    "own keys": (
        {"gcp.restrictNonCmekServices": OWN_KEYS},
        {},
        ["requires your own keys (CMEK) for firestore.googleapis.com. Set kms_key in deployment"],
    ),
    "own keys, and there is one": ({"gcp.restrictNonCmekServices": OWN_KEYS}, dict([KEY]), []),
    "keys of another project": (
        {"gcp.restrictCmekCryptoKeyProjects": [{"values": {"allowedValues": ["projects/keys"]}}]},
        dict([KEY]),
        ["forbids keys from projects/my-project. It allows: projects/keys. Set kms_key"],
    ),
    "a connector": (
        {"cloudfunctions.requireVPCConnector": ENFORCED},
        {},
        ["Set connector under [egress]"],
    ),
    "all traffic by it": (
        {"run.allowedVPCEgress": [{"values": {"allowedValues": ["private-ranges-only"]}}]},
        {'connector = ""': 'connector = "smart"'},
        ['Set traffic = "private-ranges-only" under [egress]'],
    ),
    "own pools": (
        {
            "cloudbuild.allowedWorkerPools": [
                {"values": {"allowedValues": ["under:organizations/2"]}}
            ]
        },
        {},
        ["forbids builds outside under:organizations/2. Set worker_pool in deployment.toml"],
    ),
    "own pools, and there is one": ({"cloudbuild.allowedWorkerPools": OUR_POOL}, dict([POOL]), []),
    "another pool": (
        {"cloudbuild.allowedWorkerPools": [{"values": {"allowedValues": ["under:projects/p"]}}]},
        dict([POOL]),
        ["forbids builds outside under:projects/p. Set worker_pool in deployment.toml"],
    ),
    "no pool at all": (
        {"cloudbuild.allowedWorkerPools": [{"denyAll": True}]},
        dict([POOL]),
        ["exception from constraints/cloudbuild.allowedWorkerPools"],
    ),
}
SINK = {"name": "all-logs", "destination": "bigquery.googleapis.com/x", "includeChildren": True}
OURS = f'resource.labels.project_id="my-project" AND ({preflight.REQUEST_URLS})'
LEFT_OUT = {"name": "a", "filter": OURS}


@pytest.fixture(scope="module")
def project(walked: Walk) -> Iterator[Cloud]:
    """Right after the project was made and the guide's block was run, whole, by the real gcloud."""
    after = [one.heading for one in to_a_launch()].index(DATABASE)
    cloud = walked.begin(after)
    (ran,) = cloud.run(under(PREFLIGHT), SHELL)
    assert (ran.code, cloud.plane.unknown) == (0, []), ran.said
    assert "0 to solve first, 0 couldn't be read." in ran.said
    kept = cloud.plane.world.services
    yield cloud
    cloud.plane.world.services = kept


def said(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the preflight finds, problem and remedy in one line."""
    for name, value in cloud.variables(OPERATOR).items():
        monkeypatch.setenv(name, value)
    get = preflight.reader(OPERATOR, "my-project")
    # Reads the operator's copy with this repository's code, so both have the same functions.
    state = cloud.folder / "state" / FILE
    state.parent.mkdir(exist_ok=True)
    state.write_bytes((cloud.repository / FILE).read_bytes())
    findings = preflight.findings(read(state), get)
    return [f"{one.level}: {one.problem} {one.remedy}" for one in findings]


def test_each_policy_is_named_with_the_setting_or_path_that_fits(
    project: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, state = project.plane.world, project.repository / FILE
    sound, wrong = state.read_text(), {}
    for name, (constraints, edits, wanted) in POLICIES.items():
        world.constraints = dict(constraints)
        text = sound
        for before, after in edits.items():
            assert before in text
            text = text.replace(before, after)
        state.write_text(text)
        texts = said(project, monkeypatch)
        named = [one in text for one, text in zip(wanted, texts, strict=False)]
        if len(texts) != len(wanted) or not all(named):
            wrong[name] = texts
    state.write_text(sound)
    world.constraints = {}
    assert wrong == {}
    assert project.plane.unknown == []


def test_quotas_perimeters_and_sinks_above_are_named(
    project: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = project.plane.world
    world.quota.cpu_milli, world.quota.build_cpus = 10_000, 0
    world.perimeters = [
        {"name": "accessPolicies/333/servicePerimeters/clinical"}
        | {"status": {"resources": [f"projects/{world.number}"], "restrictedServices": ["run"]}}
    ]
    world.sinks_above = {
        f"organizations/{ORGANIZATION}": [SINK, SINK | {"name": "b", "exclusions": [LEFT_OUT]}],
        f"folders/{FOLDER}": [SINK | {"name": "c", "includeChildren": False}],
    }
    cpu, build, perimeter, sink = said(project, monkeypatch)
    assert "CpuAllocPerProjectRegion is 10000, but all functions" in cpu
    assert "Set region in deployment.toml to one of us-central1" in build
    assert "servicePerimeters/clinical includes this project and restricts run" in perimeter
    assert f"gcloud logging sinks update all-logs --organization={ORGANIZATION} --add-" in sink
    assert f"filter={OURS}'" in sink
    # Its owner has run it.
    world.sinks_above[f"organizations/{ORGANIZATION}"][0] = SINK | {"exclusions": [LEFT_OUT]}
    assert len(said(project, monkeypatch)) == 3
    # The owner of the perimeter has admitted who deploys.
    deployer = "serviceAccount:smart-deploy@my-project.iam.gserviceaccount.com"
    rule = {"ingressFrom": {"identities": [deployer]}}
    world.perimeters[0]["status"]["ingressPolicies"] = [rule]
    assert len(said(project, monkeypatch)) == 2
    world.open_above = False
    texts = said(project, monkeypatch)
    assert [one.partition(":")[0] for one in texts] == ["change", "change", "unread", "unread"]
    assert f"add-exclusion='name=request-urls,filter={preflight.REQUEST_URLS}'" in TEXT


def test_without_a_login_it_asks_nothing(tmp_path: Path) -> None:
    guide.program(tmp_path, "gcloud", "exit 1")
    guide.program(tmp_path, "python3", "echo '0 to solve first'")
    ended = run_in(f"bash {ROOT}/infra/preflight.sh", tmp_path, {}, [tmp_path])
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Run `gcloud auth login` first." in ended.stderr


def as_operator(cloud: Cloud, command: str) -> subprocess.CompletedProcess[str]:
    """A command that isn't in the guide."""
    programs = [cloud.programs]
    return run_in(command, cloud.repository, cloud.variables(OPERATOR), programs)


@pytest.mark.calculators
def test_where_every_policy_is_on_the_first_release_ends_green(
    walked: Walk, keyed: World, balanced: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Load balancer first, the check by Cloud Run off, with a key, in the pool and the region
    that are allowed."""
    cloud = walked.begin_to_deploy()
    cloud.restore(keyed)
    world = cloud.plane.world
    world.constraints |= {
        INGRESS: NO_ALL,
        MEMBERS: OWN_MEMBERS,
        "gcp.resourceLocations": EUROPE,
        "cloudbuild.allowedWorkerPools": OUR_POOL,
        "cloudfunctions.requireVPCConnector": ENFORCED,
        "cloudfunctions.allowedVpcConnectorEgressSettings": ALL_EGRESS,
    }
    world.services |= {api.host for api in APIS}
    assert len(said(cloud, monkeypatch)) == 5
    ran = deploy(cloud)
    assert "constraints/cloudbuild.allowedWorkerPools violated" in ran.said
    # As a database and a secret would be made without the key.
    for command in (
        "firestore databases create --database=x --location=europe-west1",
        "secrets create x --replication-policy=user-managed --locations=europe-west1",
    ):
        ended = as_operator(cloud, f"gcloud {command} --project=my-project")
        assert "constraints/gcp.restrictNonCmekServices violated" in ended.stderr, ended.stderr
    with edited(cloud, *POOL):
        ran = deploy(cloud)
        assert f"Constraint constraints/{INGRESS} violated" in cloud.log(), ran.said
    with (
        edited(cloud, 'ingress = "all"', 'ingress = "internal-and-gclb"'),
        edited(cloud, 'callers = "all_users"', 'callers = "not_checked"'),
        edited(cloud, *KEY),
        edited(cloud, *POOL),
        edited(cloud, 'connector = ""', 'connector = "smart"'),
    ):
        assert said(cloud, monkeypatch) == []
        world.resources |= balanced.copy().resources
        ran = deploy(cloud)
    assert ran.code == 0, ran.said + cloud.log()
    assert {
        (one["kmsKeyName"], one["buildConfig"]["workerPool"]) for one in world.functions.values()
    } == {(KMS_KEY, WORKER_POOL)}
    # What the build would have done with callers = "all_users".
    refused = run_in(
        "gcloud run services add-iam-policy-binding launch --project=my-project"
        " --region=europe-west1 --member=allUsers --role=roles/run.invoker",
        cloud.repository,
        cloud.variables(f"serviceAccount:smart-deploy@{world.project}.iam.gserviceaccount.com"),
        [cloud.programs],
    )
    assert refused.returncode != 0
    assert "do not belong to a permitted customer" in refused.stderr
    assert all(run.reached(world, name) for name in world.run_services)
    launched = walked.app.launch_simulated("synthetic-alma")
    assert launched.browser.open(launched.callback.location).status == 200
    assert cloud.plane.unknown == []
