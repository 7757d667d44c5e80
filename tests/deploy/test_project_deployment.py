"""A project that `smart-calc new` wrote, deployed by the guide: without a clone, from one file."""

import re
import zipfile
from pathlib import Path

import pytest

from smart_calc import new
from tests.deploy.guide_walk import DEPLOY, Walk, under
from tests.deploy.test_terraform import VARIABLES
from tests.support.app.servers import ROOT
from tests.support.cloud import guide, wheel
from tests.support.cloud.cloud import Cloud
from tests.support.cloud.control_plane import run
from tests.support.cloud.control_plane.world import OPERATOR
from tests.support.cloud.terraform import Module, Reference
from tests.support.ehr.signing_keys import pem

pytestmark = pytest.mark.calculators
ALMA = "synthetic-alma"
# What a person types in a project in place of `. infra/guide.sh`.
SHELL = 'eval "$(smart-calc deployment guide)"\n'
ADDED = guide.Block("Set up and run", 1, "sh", "smart-calc new --job nightly\n", "docs/backend.md")
KEY = '"/backend/epic/key.pem" = "smart-epic-backend:1"'


@pytest.fixture(scope="module")
def deployed(walked: Walk, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """The cloud of the guide's walk, into which the project is deployed, with a job."""
    cloud, folder = walked.begin_to_deploy(), tmp_path_factory.mktemp("project")
    package = wheel.build(folder)
    app = folder / "app"
    new.write(app, package)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder / "installed")
    command = f'PYTHONPATH={folder}/installed exec python -P -m smart_calc "$@"'
    guide.program(folder / "bin", "smart-calc", command)
    programs, variables = [folder / "bin", cloud.programs], cloud.variables(OPERATOR)
    (block,) = (one for one in under(DEPLOY) if "cloudbuild.yaml" in one.text)
    ran = guide.run([ADDED], app, variables, programs, SHELL)
    _edit(app)
    _configure(app, (cloud.repository / "smart.toml").read_text(), cloud.router.origin)
    changed = under("Changes")[0]
    blocks = [*under("Another function"), *under("Deploy a job"), changed, block]
    blocks += under("Schedule a job")
    ran += guide.run(blocks, app, variables, programs, SHELL)
    assert [one.said for one in ran if one.code] == [], cloud.log()
    return cloud


def _edit(app: Path) -> None:
    """Make the edits of docs/backend.md."""
    (app / "backend.pem").write_text(pem("p384"))
    settings = app / "deployment.toml"
    text = settings.read_text().replace("[backend_keys]\n", f"[backend_keys]\n{KEY}\n")
    assert KEY in text
    settings.write_text(text)


def _configure(app: Path, operators: str, origin: str) -> None:
    """Complete the smart.toml that `new` wrote, as section 6 of the guide says for a project."""
    path = app / "smart.toml"
    text = re.sub(r"(?m)^after_launch = .*\n", "", path.read_text())
    text = re.sub(r"(?m)^public_url = .*", f'public_url = "{origin}"', text)
    path.write_text(text + "[[ehr]]" + operators.partition("[[ehr]]")[2])
    versions = app / "deployment.toml"
    raised = versions.read_text().replace("\nsmart-toml = 1\n", "\nsmart-toml = 2\n")
    assert raised != versions.read_text()
    versions.write_text(raised)


def test_its_build_needs_no_clone_and_no_index_for_our_name(deployed: Cloud) -> None:
    assert deployed.plane.unknown == []
    assert set(deployed.plane.world.functions) == {
        *("callback", "cds_services", "fhir_proxy", "launch", "smart_calc"),
        *("nightly", "summary"),
    }


def test_without_a_bucket_for_its_page_a_launch_ends_at_the_calculators(
    deployed: Cloud, walked: Walk
) -> None:
    launched = walked.app.launch_simulated(ALMA)
    page = launched.browser.open(launched.callback.location)
    assert (page.status, "Alma Testpatient" in page.text) == (200, True)


def test_its_own_function_reads_the_chart_in_the_session(deployed: Cloud, walked: Walk) -> None:
    launched = walked.app.launch_simulated(ALMA)
    summary = launched.browser.fetch(launched.fhir_base.replace("fhir_proxy", "summary"))
    assert (summary.status, summary.json()["born"]) == (200, "1968-03-14"), summary.text


def test_a_job_is_for_its_invokers_alone_and_reads_its_key_alone(
    deployed: Cloud, walked: Walk
) -> None:
    world = deployed.plane.world
    scheduler = f"job-scheduler@{world.project}.iam.gserviceaccount.com"
    service = run.resource(world, "europe-west1", "nightly")
    policy = {one["role"]: one["members"] for one in world.policies[service]}
    assert policy == {"roles/run.invoker": [f"serviceAccount:{scheduler}"]}
    assert not run.public(world, "nightly")
    assert run.public(world, "summary")
    config = world.run_services["nightly"]["config"]
    mounted = {one["secret"]: one["mountPath"] for one in config["secretVolumes"]}
    assert mounted == {"smart-toml": "/config", "smart-epic-backend": "/backend/epic"}
    account = f"serviceAccount:smart-nightly@{world.project}.iam.gserviceaccount.com"
    assert [one for one in world.policy if account in one["members"]] == []
    launched = walked.app.launch_simulated(ALMA)
    for path in ("/nightly/", "/nightly/health"):
        assert launched.browser.get(f"{walked.app.origin}{path}").status in {403, 404}
    (job,) = (one for name, one in world.resources.items() if name.endswith("/jobs/nightly"))
    assert job["httpTarget"]["oidcToken"]["serviceAccountEmail"] == scheduler
    assert job["httpTarget"]["uri"] == f"https://{run.host(world, 'nightly')}/"
    assert (job["attemptDeadline"], job["httpTarget"]["httpMethod"]) == ("1800s", "POST")


def test_terraform_makes_a_jobs_accounts_and_secrets_as_the_page_does(deployed: Cloud) -> None:
    world = deployed.plane.world
    values = {**VARIABLES, "jobs": ["nightly"], "backend_secrets": ["smart-epic-backend"]}
    module = Module(ROOT / "infra/terraform", **values)
    assert {"job-scheduler", "smart-nightly"} <= {
        one.body["account_id"] for one in module.resources("google_service_account")
    }
    member = "serviceAccount:smart-nightly@my-project.iam.gserviceaccount.com"
    readable = {
        one.body["secret_id"].key
        for one in module.resources("google_secret_manager_secret_iam_member")
        if one.body["member"] == member
    }
    assert readable == {
        name.rpartition("/")[2]
        for name, policy in world.policies.items()
        if "/secrets/" in name and any(member in one["members"] for one in policy)
    }
    services = {one.body["service"] for one in module.resources("google_project_service")}
    assert "cloudscheduler.googleapis.com" in services & world.services


def test_terraform_schedules_a_job_as_the_page_does(deployed: Cloud) -> None:
    values = {**VARIABLES, "jobs": ["nightly"], "schedules": {"nightly": "0 3 * * *"}}
    (made,) = Module(ROOT / "infra/terraform", **values).resources("google_cloud_scheduler_job")
    resources = deployed.plane.world.resources
    ((name, job),) = ((name, one) for name, one in resources.items() if "/jobs/" in name)
    target, (ours,) = job["httpTarget"], made.body["http_target"]
    assert name.endswith(f"/jobs/{made.body['name']}")
    assert {
        "schedule": job["schedule"],
        "time_zone": job["timeZone"],
        "attempt_deadline": job["attemptDeadline"],
        "retry_config": [{"retry_count": job["retryConfig"]["retryCount"]}],
        "http_method": target["httpMethod"],
    } == {
        key: {**made.body, **ours}[key]
        for key in ("schedule", "time_zone", "attempt_deadline", "retry_config", "http_method")
    }
    assert target["uri"] == f"{target['oidcToken']['audience']}/"
    (token,) = ours["oidc_token"]
    assert token["audience"] == Reference("google_cloud_run_v2_service", "nightly")
    assert ours["uri"] == f"{token['audience']}/"
    assert token["service_account_email"].key == "job-scheduler"
