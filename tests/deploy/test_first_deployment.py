"""The guide from an empty project to a launch, and each change that it documents after that.

The real gcloud runs the commands of docs/deploy.md and the steps of cloudbuild.yaml against the
fake control plane; the functions that it deploys run.
"""

import copy
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from infra.deployment import FILE, read, service
from infra.stage import FUNCTIONS
from tests.deploy.guide_walk import SHELL, Walk, deploy, to_a_launch, under
from tests.support.cloud import guide
from tests.support.cloud.cloud import Cloud
from tests.support.cloud.control_plane import run
from tests.support.cloud.control_plane.world import OPERATOR, World
from tests.support.cloud.gcloud import documented

# A launch ends at the calculators' page here: smart.toml names no other.
pytestmark = pytest.mark.calculators

ALMA = "synthetic-alma"


def test_every_command_of_the_guide_succeeds_in_its_order(walked: Walk) -> None:
    assert [(ran.where, ran.said) for ran in walked.ran if ran.code] == [], walked.cloud.log()
    assert len(walked.ran) == len(to_a_launch())


def test_gcloud_asked_nothing_that_the_fake_does_not_know(walked: Walk) -> None:
    assert walked.unknown == []


def test_every_api_that_was_asked_had_been_enabled_by_the_guide(walked: Walk) -> None:
    """Cloud Resource Manager too, which `gcloud functions deploy` asks for the project's number."""
    asked = {
        call.request.host.rpartition("-")[2]
        for call in walked.calls
        if call.request.member != OPERATOR and not call.request.host.startswith("127.")
    }
    assert "cloudresourcemanager.googleapis.com" in asked
    assert asked <= walked.worlds[-1].services | {""}


@pytest.mark.calculators
def test_the_app_can_be_launched_from_the_chart(walked: Walk) -> None:
    walked.begin()
    launched = walked.app.launch_simulated(ALMA)
    page = launched.browser.open(launched.callback.location)
    assert (page.status, "Alma Testpatient" in page.text) == (200, True)
    read_back = launched.browser.fetch(f"{launched.fhir_base}/Patient/{ALMA}")
    assert (read_back.status, read_back.json()["id"]) == (200, ALMA)


def test_the_deploy_account_can_delete_only_revisions_and_no_account_holds_more_than_it_needs(
    walked: Walk,
) -> None:
    """smart-test reads one bucket and writes its log; smart-build has no storage but sources."""
    world = walked.worlds[-1]
    held: dict[str, set[str]] = {}
    for binding in world.policy:
        for member in binding["members"]:
            where = " if" if "condition" in binding else ""
            held.setdefault(member.partition("@")[0], set()).add(binding["role"] + where)
    assert held["serviceAccount:smart-test"] == {"roles/logging.logWriter"}
    assert held["serviceAccount:smart-build"] == {
        "roles/artifactregistry.writer",
        "roles/logging.logWriter",
        "roles/storage.objectViewer if",
    }
    own = "projects/my-project/roles/smartRelease"
    assert held["serviceAccount:smart-deploy"] == {
        *("roles/cloudfunctions.developer", "roles/logging.logWriter", own),
        *("roles/datastore.user if", "roles/datastore.viewer if"),
    }
    assert world.roles[own] == {"run.revisions.delete", "run.services.setIamPolicy"}
    for name in FUNCTIONS:
        assert held[f"serviceAccount:smart-{service(name)}"] == {"roles/datastore.user if"}


# Where the guide says which further files a function may have.
MOUNTED = ("Confidential clients", "Keys of EHRs that call cds_services", "A private authority")
# What an operator who has gone to production has set in deployment.toml.
PRODUCTION = {
    'ingress = "all"': 'ingress = "internal-and-gclb"',
    "smart-toml = 1": "smart-toml = 2",
    "smart-sealing-key = 1": "smart-sealing-key = 2",
    "memory_mib = 1024": "memory_mib = 1536",
    **{
        f"[{table}]\n": f"[{table}]\n" + "".join(f'"{at}" = "{of}"\n' for at, of in entries.items())
        for block in documented("toml")
        if block.startswith(("[secrets]", "[cds_keys]", "[authorities]"))
        for table, entries in tomllib.loads(block).items()
    },
}
CHANGES = {
    "configuration": ("gcloud secrets versions add smart-toml", "smart-toml = 2", "smart-toml = 3"),
    "sealing key": ("token_urlsafe", "smart-sealing-key = 2", "smart-sealing-key = 3"),
    "client secret": ("smart-oracle-secret", "smart-oracle-secret:1", "smart-oracle-secret:2"),
}


def change(cloud: Cloud, block: guide.Block, given: str = "") -> None:
    """A block under "Changes"; what it reads from the terminal is `given`."""
    text = block.text if not given else f"printf %s {given} | {block.text}"
    ran = cloud.run([guide.Block(block.heading, block.line, "sh", text)], SHELL)[-1]
    assert ran.code == 0, ran.said


def edit(cloud: Cloud, before: str, after: str) -> None:
    path = cloud.repository / "deployment.toml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def deploy_anew(cloud: Cloud) -> None:
    ran = deploy(cloud)
    assert ran.code == 0, ran.said + cloud.log()


def settings(cloud: Cloud) -> dict[str, Any]:
    """Check every setting of each function, who may call it, and what it serves."""
    world = copy.deepcopy(cloud.plane.world.functions)
    kept = {
        name: function["serviceConfig"]
        | {
            "runtime": function["buildConfig"]["runtime"],
            "account": function["buildConfig"]["serviceAccount"],
        }
        | {"public": run.public(cloud.plane.world, service(name))}
        for name, function in world.items()
    }
    assert set(kept) == set(FUNCTIONS)
    return kept


@pytest.fixture(scope="module")
def production(walked: Walk, balanced: World) -> Cloud:
    """Deployed again with every setting another than at first, behind a load balancer."""
    cloud = walked.begin()
    cloud.plane.world.resources |= copy.deepcopy(balanced.resources)
    guide.program(cloud.repository / ".venv/bin", "python", f'exec {cloud.programs}/python "$@"')
    for name in ("epic-jwks.json", "clinic-ca.pem"):
        (cloud.repository / name).write_text("not read here")
    for heading in MOUNTED:
        for block in under(heading):
            change(cloud, block, "secret-1")
    for needed in ("secrets versions add smart-toml", "token_urlsafe"):
        (block,) = (one for one in under("Changes") if needed in one.text)
        change(cloud, block)
    for before, after in PRODUCTION.items():
        edit(cloud, before, after)
    (block,) = under("Production")
    change(cloud, block)
    deploy_anew(cloud)
    return cloud


def test_production_is_as_its_file_says(production: Cloud, tmp_path: Path) -> None:
    shutil.copy(production.repository / FILE, tmp_path)
    state = read(tmp_path / FILE)
    for name, now in settings(production).items():
        assert now["ingressSettings"] == "ALLOW_INTERNAL_AND_GCLB"
        assert now["minInstanceCount"] == 1
        assert now["runtime"] == "python313"
        assert now["public"]
        versions = {one["secret"]: one["versions"][0]["version"] for one in now["secretVolumes"]}
        wanted = state.mounts(name)
        assert versions == dict(secret.split(":") for secret in wanted.values())


def test_the_documented_changes_change_that_and_nothing_else(production: Cloud) -> None:
    """Make all three with one deployment, because it sets every function again."""
    then = settings(production)
    for what, (needed, before, after) in CHANGES.items():
        (block,) = (one for one in under("Changes") if needed in one.text)
        change(production, block, "secret-2" if what == "client secret" else "")
        edit(production, before, after)
        secret, version = re.sub(r"[:=]", " ", after).split()
        for name in FUNCTIONS:
            for volume in then[name]["secretVolumes"]:
                if volume["secret"] == secret:
                    volume["versions"][0]["version"] = version
    deploy_anew(production)
    assert settings(production) == then
