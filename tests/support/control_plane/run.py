"""Cloud Run: the services below the functions, their revisions, who may call them, the quota."""

from collections.abc import Mapping
from typing import Any

from tests.support.control_plane import secret_manager
from tests.support.control_plane.project import exists
from tests.support.control_plane.refusals import Refusal, not_found, quota_exceeded
from tests.support.control_plane.routes import Answer, Api, Request
from tests.support.control_plane.world import World

API = Api("run.googleapis.com", "Cloud Run Admin")
_AT = "/v1/projects/{project}/locations/{region}/services/{name}"
_KNATIVE = "/apis/serving.knative.dev/v1/namespaces/{project}"
INVOKER_CHECK_OFF = "run.googleapis.com/invoker-iam-disabled"
_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "M": 10**6, "G": 10**9}


def sizes(config: Mapping[str, Any]) -> tuple[int, int]:
    """What all instances of a service may take: CPU in thousandths, memory in bytes.

    Without a limit a service may have 100 instances of 1 vCPU and 256 MiB
    (https://cloud.google.com/functions/docs/configuring/max-instances).
    """
    most = int(config.get("maxInstanceCount", 100))
    cpu = float(config.get("availableCpu", "1"))
    amount = config.get("availableMemory", "256Mi")
    unit = next(unit for unit in _UNITS if amount.endswith(unit))
    return round(most * cpu * 1000), most * int(amount.removesuffix(unit)) * _UNITS[unit]


def hold_quota(world: World, name: str, config: Mapping[str, Any]) -> None:
    """Refuse a service whose instances, with those of all others, exceed the region's quota."""
    others = [sizes(service["config"]) for at, service in world.run_services.items() if at != name]
    asked = [sizes(config), *others]
    cpu, memory = sum(one for one, _ in asked), sum(one for _, one in asked)
    violated = {
        quota: (wanted, allowed)
        for quota, wanted, allowed in (
            ("CpuAllocPerProjectRegion", cpu, world.quota.cpu_milli),
            ("MemAllocPerProjectRegion", memory, world.quota.memory_bytes),
        )
        if wanted > allowed
    }
    if violated:
        each = sizes(config)[0] // int(config.get("maxInstanceCount", 100))
        left = world.quota.cpu_milli - sum(one for one, _ in others)
        raise quota_exceeded(max(left // max(each, 1), 0), violated)


def revise(world: World, region: str, name: str, function: Mapping[str, Any]) -> str | None:
    """A new revision that takes all traffic; what went wrong, or None.

    The words on secrets: https://cloud.google.com/run/docs/troubleshooting; on a container that
    does not listen: https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start.
    """
    config = function["serviceConfig"]
    email = config["serviceAccountEmail"]
    for volume in config.get("secretVolumes", []):
        for version in volume["versions"]:
            try:
                secret_manager.version(
                    world, f"serviceAccount:{email}", volume["secret"], version["version"]
                )
            except Refusal as refusal:
                if refusal.code == 404:
                    return f"Could not create or update Cloud Run service {name}: {refusal}"
                return (
                    f"Could not create or update Cloud Run service {name}: Permission denied on "
                    f"secret: {secret_manager.resource(world, volume['secret'])}/versions/"
                    f"{version['version']} for Revision service account {email}. The service "
                    "account used must be granted the 'Secret Manager Secret Accessor' role "
                    "(roles/secretmanager.secretAccessor) at the secret, project or higher level."
                )
    connector = config.get("vpcConnector")
    if connector and connector not in world.resources:
        return (
            f"Could not create or update Cloud Run service {name}: VPC connector {connector} "
            "does not exist, or the caller may not use it."
        )
    new: dict[str, Any] = {"region": region, "annotations": {}, "revisions": []}
    service = world.run_services.get(name, new)
    revision = f"{name}-{len(service['revisions']) + 1:05}-abc"
    failed = world.hooks.start(world, name, function) if world.hooks else None
    if failed is not None:
        return (
            f"Could not create or update Cloud Run service {name}, Container Healthcheck failed. "
            f"Revision '{revision}' is not ready and cannot serve traffic. The user-provided "
            "container failed to start and listen on the port defined provided by the PORT=8080 "
            f"environment variable within the allocated timeout. Logs: {failed}"
        )
    service["config"] = dict(config)
    service["revisions"].append({"name": revision, "config": dict(config)})
    service["traffic"] = [{"latestRevision": True, "percent": 100, "revisionName": revision}]
    world.run_services[name] = service
    return None


def public(world: World, name: str) -> bool:
    """Whether anyone may call a service."""
    service = world.run_services[name]
    policy = world.policies.get(_resource(world, service["region"], name), [])
    return service["annotations"].get(INVOKER_CHECK_OFF) == "true" or any(
        binding["role"] == "roles/run.invoker" and "allUsers" in binding["members"]
        for binding in policy
    )


@API("GET", _AT + ":getIamPolicy")
def get_policy(world: World, request: Request, project: str, region: str, name: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/projects.locations.services/getIamPolicy"""
    resource = _there(world, request, project, region, name, "run.services.getIamPolicy")
    return {"version": 1, "bindings": world.policies.get(resource, []), "etag": "BwY="}


@API("POST", _AT + ":setIamPolicy")
def set_policy(world: World, request: Request, project: str, region: str, name: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/projects.locations.services/setIamPolicy"""
    resource = _there(world, request, project, region, name, "run.services.setIamPolicy")
    world.policies[resource] = world.set_policy(request.json["policy"]["bindings"])
    return {"version": 1, "bindings": world.policies[resource], "etag": "BwY="}


@API("GET", _KNATIVE + "/services/{name}")
def get_service(world: World, request: Request, project: str, name: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services/get"""
    region = request.host.removesuffix("-run.googleapis.com")
    _there(world, request, project, region, name, "run.services.get")
    return _knative(world, name)


@API("PUT", _KNATIVE + "/services/{name}")
def replace_service(world: World, request: Request, project: str, name: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services/replaceService"""
    region = request.host.removesuffix("-run.googleapis.com")
    _there(world, request, project, region, name, "run.services.update")
    service = world.run_services[name]
    service["annotations"] = request.json["metadata"].get("annotations", {})
    service["traffic"] = request.json["spec"].get("traffic", service["traffic"])
    return _knative(world, name)


def _knative(world: World, name: str) -> Answer:
    """A service as the first version of the API shows it."""
    service = world.run_services[name]
    latest = service["revisions"][-1]["name"]
    config = service["config"]
    container = {
        "image": f"{service['region']}-docker.pkg.dev/{world.project}/gcf-artifacts/{name}"
    }
    conditions = [
        {"type": kind, "status": "True"} for kind in ("Ready", "ConfigurationsReady", "RoutesReady")
    ]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": world.number,
            "generation": 1,
            "annotations": service["annotations"],
            "labels": {"cloud.googleapis.com/location": service["region"]},
        },
        "spec": {
            "template": {
                "metadata": {"name": latest},
                "spec": {
                    "serviceAccountName": config["serviceAccountEmail"],
                    "containers": [container],
                },
            },
            "traffic": [{"latestRevision": True, "percent": 100}],
        },
        "status": {
            "observedGeneration": 1,
            "conditions": conditions,
            "latestReadyRevisionName": latest,
            "latestCreatedRevisionName": latest,
            "traffic": service["traffic"],
            "url": f"https://{name}-{world.number}.{service['region']}.run.app",
        },
    }


def _resource(world: World, region: str, name: str) -> str:
    return f"projects/{world.project}/locations/{region}/services/{name}"


def _there(
    world: World, request: Request, project: str, region: str, name: str, permission: str
) -> str:
    exists(world, project)
    resource = _resource(world, region, name)
    world.need(request.member, permission, resource)
    if name not in world.run_services:
        raise not_found(f"Resource '{name}' of kind 'SERVICE' in region '{region}'")
    return resource
