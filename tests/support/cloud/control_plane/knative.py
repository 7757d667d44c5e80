"""Cloud Run's API: services and revisions in the form of its first version, and who may call."""

import copy
from collections.abc import Mapping
from typing import Any

from tests.support.cloud.control_plane import run
from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import Refusal, forbidden, not_found
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

API = Api("run.googleapis.com", "Cloud Run Admin")
_AT = "/v1/projects/{project}/locations/{region}/services/{name}"
_KNATIVE = "/apis/serving.knative.dev/v1/namespaces/{project}"


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


@API("GET", _KNATIVE + "/services")
def list_services(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services/list"""
    exists(world, project)
    region = request.host.removesuffix("-run.googleapis.com")
    world.need(request.member, "run.services.list", f"projects/{project}")
    names = [name for name, one in world.run_services.items() if one["region"] == region]
    kind = {"apiVersion": "serving.knative.dev/v1", "kind": "ServiceList", "metadata": {}}
    return kind | {"items": [_knative(world, name) for name in names]}


@API("GET", _KNATIVE + "/services/{name}")
def get_service(world: World, request: Request, project: str, name: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services/get"""
    _there(world, request, project, _region(request), name, "run.services.get")
    return _knative(world, name)


@API("PUT", _KNATIVE + "/services/{name}")
def replace_service(world: World, request: Request, project: str, name: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services/replaceService"""
    _there(world, request, project, _region(request), name, "run.services.update")
    service = world.run_services[name]
    targets = request.json["spec"].get("traffic", run.ALL_TO_LATEST)
    known = {one["name"] for one in service["revisions"]}
    for one in targets:
        if not one.get("latestRevision") and one["revisionName"] not in known:
            raise Refusal(400, f"Revision {one['revisionName']} not found.")
    if sum(one.get("percent", 0) for one in targets) != 100:
        raise Refusal(400, "spec.traffic: traffic percentages must add up to 100.")
    annotations = request.json["metadata"].get("annotations", {})
    unchecked = annotations.get(run.INVOKER_CHECK_OFF, "").lower() == "true"
    if unchecked and "run.managed.requireInvokerIam" in world.constraints:
        raise forbidden("run.managed.requireInvokerIam", project, "an update of the service")
    service["annotations"] = annotations
    _mount(world, name, request.json["spec"]["template"]["spec"])
    service["spec"] = targets
    return _knative(world, name)


def _mount(world: World, name: str, template: Mapping[str, Any]) -> None:
    """Make a new revision if the template mounts other secrets than the newest one."""
    service = world.run_services[name]
    sources = {one["name"]: one["secret"] for one in template.get("volumes", [])}
    # gcloud may leave a volume behind that nothing mounts.
    volumes = [
        {
            "mountPath": mount["mountPath"],
            "secret": sources[mount["name"]]["secretName"],
            "versions": [
                {"version": item["key"], "path": item["path"]}
                for item in sources[mount["name"]]["items"]
            ],
        }
        for mount in template["containers"][0].get("volumeMounts", [])
    ]
    volumes.sort(key=lambda one: str(one["mountPath"]))
    if volumes == _volumes(service["config"]):
        return
    function = copy.deepcopy(world.functions[name.replace("-", "_")])
    function["serviceConfig"]["secretVolumes"] = volumes
    if failed := run.revise(world, service["region"], name, function):
        raise Refusal(400, failed)
    world.functions[name.replace("-", "_")] = function


def _volumes(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = ("mountPath", "secret", "versions")
    volumes = [{key: one[key] for key in wanted} for one in config.get("secretVolumes", [])]
    return sorted(volumes, key=lambda one: str(one["mountPath"]))


@API("GET", _KNATIVE + "/revisions")
def list_revisions(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.revisions/list"""
    exists(world, project)
    world.need(request.member, "run.revisions.list", f"projects/{project}")
    kind = {"apiVersion": "serving.knative.dev/v1", "kind": "RevisionList", "metadata": {}}
    return kind | {
        "items": [
            _revision(world, name, one)
            for name, service in world.run_services.items()
            for one in service["revisions"]
        ]
    }


@API("GET", _KNATIVE + "/revisions/{revision}")
def get_revision(world: World, request: Request, project: str, revision: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.revisions/get"""
    name, one = _found(world, request, project, revision, "run.revisions.get")
    return _revision(world, name, one)


@API("DELETE", _KNATIVE + "/revisions/{revision}")
def delete_revision(world: World, request: Request, project: str, revision: str) -> Answer:
    """https://cloud.google.com/run/docs/reference/rest/v1/namespaces.revisions/delete

    Refused for one that has traffic or a tag, and for the newest: so the console does it
    (https://cloud.google.com/run/docs/managing/revisions); the words were not seen.
    """
    name, unused = _found(world, request, project, revision, "run.revisions.delete")
    service = world.run_services[name]
    named = {one["revisionName"] for one in run.traffic(world, name)}
    if revision in named or unused is service["revisions"][-1]:
        raise Refusal(400, f"Revision {revision} is in use and cannot be deleted.")
    service["revisions"].remove(unused)
    return {"apiVersion": "v1", "kind": "Status", "status": "Success"}


def _found(
    world: World, request: Request, project: str, revision: str, permission: str
) -> tuple[str, dict[str, Any]]:
    """Return the service of a revision, and the revision."""
    exists(world, project)
    world.need(request.member, permission, f"projects/{project}")
    for name, service in world.run_services.items():
        for one in service["revisions"]:
            if one["name"] == revision:
                return name, one
    raise not_found(f"Resource '{revision}' of kind 'REVISION' in region '{_region(request)}'")


def _region(request: Request) -> str:
    """EUROPE-WEST1-run.googleapis.com: the API of one region."""
    return request.host.removesuffix("-run.googleapis.com")


def _revision(world: World, name: str, revision: Mapping[str, Any]) -> Answer:
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": revision["name"],
            "namespace": world.number,
            "creationTimestamp": revision["created"],
            "labels": {"serving.knative.dev/service": name},
        },
        "spec": {"containers": [{"image": "image"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def _knative(world: World, name: str) -> Answer:
    """Return a service as the first version of the API shows it."""
    service = world.run_services[name]
    latest = service["revisions"][-1]["name"]
    config = service["config"]
    volumes = _volumes(config)
    container = {
        "image": f"{service['region']}-docker.pkg.dev/{world.project}/gcf-artifacts/{name}",
        "volumeMounts": [
            {"name": f"volume-{number}", "mountPath": one["mountPath"]}
            for number, one in enumerate(volumes)
        ],
    }
    secrets = [
        {
            "name": f"volume-{number}",
            "secret": {
                "secretName": one["secret"],
                "items": [
                    {"key": item["version"], "path": item["path"]} for item in one["versions"]
                ],
            },
        }
        for number, one in enumerate(volumes)
    ]
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
                    "volumes": secrets,
                },
            },
            "traffic": service["spec"],
        },
        "status": {
            "observedGeneration": 1,
            "conditions": conditions,
            "latestReadyRevisionName": latest,
            "latestCreatedRevisionName": latest,
            "traffic": run.traffic(world, name),
            "url": f"https://{run.host(world, name)}",
        },
    }


def _there(
    world: World, request: Request, project: str, region: str, name: str, permission: str
) -> str:
    exists(world, project)
    resource = run.resource(world, region, name)
    world.need(request.member, permission, resource)
    if name not in world.run_services:
        raise not_found(f"Resource '{name}' of kind 'SERVICE' in region '{region}'")
    return resource
