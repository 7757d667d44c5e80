"""Cloud Functions, second generation: a build, then a Cloud Run service.

A deployment changes only the fields in its update mask
(https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/patch).
"""

import copy
import re
from collections.abc import Mapping
from typing import Any

from tests.support.cloud.control_plane import iam, keys, run, storage
from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import (
    Refusal,
    already_exists,
    forbidden,
    not_found,
    service_disabled,
)
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

API = Api("cloudfunctions.googleapis.com", "Cloud Functions")
# https://cloud.google.com/functions/docs/runtime-support
RUNTIMES = ("python310", "python311", "python312", "python313")
# https://cloud.google.com/functions/docs/deploy: "Cloud Functions depends on".
_NEEDED = {
    "run.googleapis.com": "Cloud Run Admin",
    "cloudbuild.googleapis.com": "Cloud Build",
    "artifactregistry.googleapis.com": "Artifact Registry",
}
_AT = "/v2/projects/{project}/locations/{region}"


@API("GET", _AT + "/runtimes")
def list_runtimes(world: World, request: Request, project: str, region: str) -> Answer:
    """https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.runtimes/list"""
    exists(world, project)
    runtimes = [{"name": one, "environment": "GEN_2", "stage": "GA"} for one in RUNTIMES]
    return {"runtimes": runtimes}


@API("GET", _AT + "/functions/{name}")
def get(world: World, request: Request, project: str, region: str, name: str) -> Answer:
    """https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/get"""
    exists(world, project)
    world.need(request.member, "cloudfunctions.functions.get", f"projects/{project}")
    if name not in world.functions:
        raise not_found(f"Resource 'projects/{project}/locations/{region}/functions/{name}' was")
    function = copy.deepcopy(world.functions[name])
    service = _service(name)
    newest = world.run_services[service]["revisions"][-1]["name"]
    latest = run.serving(world, service) == newest
    function["serviceConfig"]["allTrafficOnLatestRevision"] = latest
    return function


@API("POST", _AT + "/functions:generateUploadUrl")
def upload_address(world: World, request: Request, project: str, region: str) -> Answer:
    """https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/generateUploadUrl"""
    exists(world, project)
    world.need(request.member, "cloudfunctions.functions.sourceCodeSet", f"projects/{project}")
    bucket = f"gcf-v2-uploads-{world.number}.{region}.cloudfunctions.appspot.com"
    source = {"bucket": bucket, "object": f"{world.number_of_its_own()}.zip"}
    address = f"http://storage.googleapis.com/upload/{bucket}/{source['object']}"
    return {"uploadUrl": address, "storageSource": source}


@API("POST", _AT + "/functions")
def create(world: World, request: Request, project: str, region: str) -> Answer:
    """https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/create"""
    exists(world, project)
    world.need(request.member, "cloudfunctions.functions.create", f"projects/{project}")
    name = request.query["functionId"]
    if name in world.functions:
        raise already_exists(f"Function {name}")
    return _deploy(world, request.member, region, name, request.json)


@API("PATCH", _AT + "/functions/{name}")
def patch(world: World, request: Request, project: str, region: str, name: str) -> Answer:
    """https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/patch"""
    exists(world, project)
    world.need(request.member, "cloudfunctions.functions.update", f"projects/{project}")
    if name not in world.functions:
        raise not_found(f"Function {name}")
    merged = copy.deepcopy(world.functions[name])
    for path in request.query["updateMask"].split(","):
        _copy(request.json, merged, [_camel(part) for part in path.split(".")])
    return _deploy(world, request.member, region, name, merged)


@API("GET", _AT + "/operations/{operation}")
def get_operation(
    world: World, request: Request, project: str, region: str, operation: str
) -> Answer:
    """https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.operations/get"""
    world.need(request.member, "cloudfunctions.operations.get", f"projects/{project}")
    name = f"projects/{project}/locations/{region}/operations/{operation}"
    metadata = "type.googleapis.com/google.cloud.functions.v2.OperationMetadata"
    stages = [{"name": "BUILD", "state": "COMPLETE"}, {"name": "SERVICE", "state": "COMPLETE"}]
    return world.look(name) | {"metadata": {"@type": metadata, "stages": stages}}


def _deploy(world: World, member: str, region: str, name: str, function: dict[str, Any]) -> Answer:
    service, build = function["serviceConfig"], function["buildConfig"]
    for host, title in _NEEDED.items():
        if host not in world.services:
            raise service_disabled(title, host, world.number)
    for email in (service["serviceAccountEmail"], build["serviceAccount"].rpartition("/")[2]):
        _act_as(world, member, email)
    if build["runtime"] not in RUNTIMES:
        raise Refusal(400, f"Invalid value for runtime: {build['runtime']}")
    connector = service.get("vpcConnector")
    egress = service.get("vpcConnectorEgressSettings", "") if connector else "ALL_TRAFFIC"
    for constraint, setting, value in (
        ("cloudfunctions.allowedVpcConnectorEgressSettings", "egress_settings", egress),
        ("cloudfunctions.allowedIngressSettings", "ingress_settings", service["ingressSettings"]),
        ("gcp.resourceLocations", "location", f"in:{region}-locations"),
    ):
        if world.forbids(constraint, value):
            action = f"CreateFunctionActionV1 with {setting} set to {value}"
            raise forbidden(constraint, world.project, action)
    if "cloudfunctions.requireVPCConnector" in world.constraints and not connector:
        raise forbidden("cloudfunctions.requireVPCConnector", world.project, "to use no connector")
    keys.of_function(world, region, function)
    cloud_pool(world, build.get("workerPool"))
    run.hold_quota(world, _service(name), service)
    operation = (
        f"projects/{world.project}/locations/{region}/operations/{world.number_of_its_own()}"
    )
    world.begin(operation, 60)
    error = _build(world, region, build) or run.revise(world, region, _service(name), function)
    if error is None:
        world.functions[name] = _answered(world, region, name, function)
    else:
        world.operations[operation]["error"] = {"code": 3, "message": error}
    return {"name": operation}


def _build(world: World, region: str, build: Mapping[str, Any]) -> str | None:
    """Build the image. Return an error, or None.

    The messages are from https://cloud.google.com/functions/docs/troubleshooting, "build service
    account", the permissions from
    https://cloud.google.com/run/docs/configuring/services/build-service-account.
    """
    email = build["serviceAccount"].rpartition("/")[2]
    member = f"serviceAccount:{email}"
    uploaded = build["source"]["storageSource"]
    bucket = f"gcf-v2-sources-{world.number}-{region}"
    world.buckets.setdefault(bucket, {"location": region})
    content = world.objects[f"{uploaded['bucket']}/{uploaded['object']}"]
    storage.put(world, bucket, uploaded["object"], content)
    place = f"projects/{world.project}/locations/{region}/repositories"
    repository = build.get("dockerRepository") or f"{place}/gcf-artifacts"
    try:
        storage.read(world, member, bucket, uploaded["object"])
        world.need(member, "artifactregistry.repositories.uploadArtifacts", repository)
        world.need(member, "logging.logEntries.create", f"projects/{world.project}")
    except Refusal as refusal:
        return (
            "Build failed with status: FAILURE. Could not build the function due to a missing "
            f"permission on the build service account ({email}): {refusal.message}"
        )
    return None


def cloud_pool(world: World, pool: str | None) -> None:
    """Refuse a pool that doesn't exist, or a build without a pool if a policy requires one.

    https://cloud.google.com/build/docs/private-pools/private-pools-overview. The actual messages
    weren't seen.
    """
    if pool and pool not in world.resources:
        raise not_found(f"Worker pool {pool}")
    if not pool and "cloudbuild.allowedWorkerPools" in world.constraints:
        raise forbidden("cloudbuild.allowedWorkerPools", world.project, "to build in no pool")


def _act_as(world: World, member: str, email: str) -> None:
    """Require the permission actAs. Message:
    https://cloud.google.com/functions/docs/troubleshooting, "actAs".
    """
    resource = iam.resource(world.project, email)
    try:
        world.account(email)
        world.need(member, "iam.serviceAccounts.actAs", resource)
    except Refusal as refusal:
        raise Refusal(
            403,
            f"Caller is missing permission 'iam.serviceaccounts.actAs' on service account "
            f"{resource}. Grant the role 'roles/iam.serviceAccountUser' to the caller on the "
            f"service account.",
        ) from refusal


def _answered(world: World, region: str, name: str, function: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function as `get` does."""
    path = f"projects/{world.project}/locations/{region}"
    kept = dict(function["serviceConfig"])
    # The traffic setting of a request applies only to that request.
    kept.pop("allTrafficOnLatestRevision", None)
    config = {
        **kept,
        "service": f"{path}/services/{_service(name)}",
        "uri": f"https://{_service(name)}-{world.number}.{region}.run.app",
    }
    whole = {"name": f"{path}/functions/{name}", "state": "ACTIVE", "environment": "GEN_2"}
    return {**function, **whole, "serviceConfig": config}


def _service(function: str) -> str:
    """Return the Cloud Run service of a function, whose name can't have underscores."""
    return function.replace("_", "-")


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _copy(source: Mapping[str, Any], target: dict[str, Any], path: list[str]) -> None:
    """Copy the member at a path. If it's absent, clear it."""
    first, *rest = path
    if rest:
        _copy(source.get(first, {}), target.setdefault(first, {}), rest)
    elif first in source:
        target[first] = source[first]
    else:
        target.pop(first, None)
