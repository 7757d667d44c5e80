"""Cloud Build: a build is taken as it is sent; a worker of the test's runs its steps."""

import re
import threading
from typing import Any

from tests.support.cloud.control_plane import storage
from tests.support.cloud.control_plane.functions import _act_as, cloud_pool
from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import Refusal, not_found, region_restricted
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

API = Api("cloudbuild.googleapis.com", "Cloud Build")
# The only ones that some projects may build in, by their usage; a new one is taken for such a one.
# https://cloud.google.com/build/docs/locations#restricted_regions_for_some_projects
_REGIONS = frozenset(
    {
        *("us-central1", "us-west2", "europe-west1"),
        *("asia-east1", "australia-southeast1", "southamerica-east1"),
    }
)
_BUILT_IN = {"PROJECT_ID", "PROJECT_NUMBER", "BUILD_ID", "LOCATION", "COMMIT_SHA", "SHORT_SHA"}


@API("POST", "/v1/projects/{project}/locations/{region}/builds")
def create(world: World, request: Request, project: str, region: str) -> Answer:
    """https://cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.builds/create"""
    exists(world, project)
    world.need(request.member, "cloudbuild.builds.create", f"projects/{project}")
    if region not in _REGIONS:
        raise region_restricted()
    build = request.json
    cloud_pool(world, build.get("options", {}).get("pool", {}).get("name"))
    account = build.get("serviceAccount", "").replace("$PROJECT_ID", project)
    build["serviceAccount"] = account
    email = account.rpartition("/")[2]
    _act_as(world, request.member, email)
    _logging(build)
    _substitutions(build)
    identity = f"build-{len(world.builds) + 1}"
    build |= {"id": identity, "projectId": project, "status": "QUEUED", "log": ""}
    build["name"] = f"projects/{world.number}/locations/{region}/builds/{identity}"
    build["logUrl"] = (
        f"https://console.cloud.google.com/cloud-build/builds;region={region}/{identity}"
    )
    world.builds[identity] = build
    source = build["source"]["storageSource"]
    try:
        # "FETCHSOURCE ... does not have storage.objects.get access":
        # https://cloud.google.com/build/docs/securing-builds/configure-user-specified-service-accounts
        storage.read(world, f"serviceAccount:{email}", source["bucket"], source["object"])
        world.need(f"serviceAccount:{email}", "logging.logEntries.create", f"projects/{project}")
    except Refusal as refusal:
        build["status"] = "FAILURE"
        build["log"] = f"{email} does not have access: {refusal.message}"
    else:
        if world.hooks is not None:
            build["status"] = "WORKING"
            threading.Thread(target=world.hooks.build, args=(world, build), daemon=True).start()
        else:
            build["status"] = "SUCCESS"
    metadata = {
        "@type": "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata",
        "build": _shown(build),
    }
    return {"name": f"operations/build/{project}/{identity}", "metadata": metadata}


@API("GET", "/v1/projects/{project}/locations/{region}/builds/{identity}")
def get(world: World, request: Request, project: str, region: str, identity: str) -> Answer:
    """https://cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.builds/get"""
    exists(world, project)
    world.need(request.member, "cloudbuild.builds.get", f"projects/{project}")
    if identity not in world.builds:
        raise not_found(f"Build {identity}")
    return _shown(world.builds[identity])


@API("POST", "/v1/projects/{project}/locations/{region}/workerPools")
def create_pool(world: World, request: Request, project: str, region: str) -> Answer:
    """https://cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.workerPools/create"""
    exists(world, project)
    world.need(request.member, "cloudbuild.workerpools.create", f"projects/{project}")
    network = request.json["privatePoolV1Config"]["networkConfig"]["peeredNetwork"]
    if network.partition("/networks/")[2] not in world.peered:
        raise Refusal(400, f"{network} has no connection to servicenetworking.googleapis.com.")
    place = f"projects/{project}/locations/{region}"
    name = f"{place}/workerPools/{request.query['workerPoolId']}"
    world.resources[name] = {"name": name, "state": "RUNNING", **request.json}
    world.begin(f"{place}/operations/pool", 120, dict(world.resources[name]))
    return {"name": f"{place}/operations/pool"}


@API("GET", "/v1/projects/{project}/locations/{region}/operations/{name}")
@API("GET", "/v1/projects/{project}/locations/{region}/workerPools/{name}")
def get_pool(world: World, request: Request, name: str, **_: str) -> Answer:
    """Return a pool, or an operation."""
    at = request.path.removeprefix("/v1/")
    return world.look(at) if "/operations/" in at else dict(world.resources[at])


def _shown(build: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in build.items() if name != "log"}


def _logging(build: dict[str, Any]) -> None:
    """Words: https://cloud.google.com/build/docs/securing-builds/store-manage-build-logs."""
    if build.get("options", {}).get("logging") not in {"CLOUD_LOGGING_ONLY", "NONE"}:
        raise Refusal(
            400,
            "if 'build.service_account' is specified, the build must either (a) specify "
            "'build.logs_bucket', (b) use the REGIONAL_USER_OWNED_BUCKET "
            "build.options.default_logs_bucket_behavior option, or (c) use either "
            "CLOUD_LOGGING_ONLY / NONE logging options",
        )


def _substitutions(build: dict[str, Any]) -> None:
    """Every substitution is used, every use has a value, as without ALLOW_LOOSE
    (https://cloud.google.com/build/docs/build-config/substitute-variable-values)."""
    text = str([build["steps"], build.get("serviceAccount")])
    used = set(re.findall(r"(?<!\$)\$\{?(_?[A-Z][A-Z0-9_]*)\}?", text))
    given = build.get("substitutions", {})
    for name in given:
        if name.startswith("_") and name not in used:
            raise Refusal(
                400,
                f'generic::invalid_argument: key "{name}" in the substitution data is not matched '
                "in the template",
            )
    for name in used - set(given) - _BUILT_IN:
        raise Refusal(
            400,
            f'generic::invalid_argument: key in the template "{name}" is not a valid built-in '
            "substitution",
        )
