"""Cloud Run: the services of the functions, their revisions, traffic and callers, the quota."""

from collections.abc import Mapping
from typing import Any

from tests.support.cloud.control_plane import secret_manager
from tests.support.cloud.control_plane.refusals import Refusal, quota_exceeded
from tests.support.cloud.control_plane.world import World

ALL_TO_LATEST = [{"latestRevision": True, "percent": 100}]
INVOKER_CHECK_OFF = "run.googleapis.com/invoker-iam-disabled"
_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "M": 10**6, "G": 10**9}


def sizes(config: Mapping[str, Any]) -> tuple[int, int]:
    """Return the maximum of all instances of a service: CPU in thousandths, memory in bytes.

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
    """Make a new revision. Return an error, or None. The traffic of the service doesn't change.

    If all traffic goes to the latest revision, as at first, the new one gets it. If it names a
    revision, the new one gets none
    (https://github.com/GoogleCloudPlatform/magic-modules/pull/16981, and gcloud's own "The latest
    revision of this function is not serving 100% of traffic"). With `allTrafficOnLatestRevision`,
    which gcloud sends only for --serve-all-traffic-latest-revision, all traffic goes to the new one
    (https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions).

    The messages about secrets: https://cloud.google.com/run/docs/troubleshooting; about a container
    that doesn't listen:
    https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start.
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
    new: dict[str, Any] = {
        "region": region,
        "annotations": {},
        "revisions": [],
        "spec": ALL_TO_LATEST,
    }
    service = world.run_services.get(name, new)
    revision = f"{name}-{service.get('made', 0) + 1:05}-abc"
    failed = world.hooks.start(world, revision, function) if world.hooks else None
    service["made"] = service.get("made", 0) + 1
    if failed is not None:
        return (
            f"Could not create or update Cloud Run service {name}, Container Healthcheck failed. "
            f"Revision '{revision}' is not ready and cannot serve traffic. The user-provided "
            "container failed to start and listen on the port defined provided by the PORT=8080 "
            f"environment variable within the allocated timeout. Logs: {failed}"
        )
    service["config"] = dict(config)
    created = f"2026-11-01T00:{world.number_of_its_own() // 60:02}:{world.numbers % 60:02}.000000Z"
    service["revisions"].append({"name": revision, "config": dict(config), "created": created})
    if function["serviceConfig"].get("allTrafficOnLatestRevision"):
        service["spec"] = ALL_TO_LATEST
    world.run_services[name] = service
    return None


def traffic(world: World, name: str) -> list[dict[str, Any]]:
    """Return the traffic of a service: each target and its revision, and the URL of a tag.

    TAG---SERVICE: https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags.
    """
    service = world.run_services[name]
    targets = []
    for one in service["spec"]:
        revision = one.get("revisionName") or service["revisions"][-1]["name"]
        target = one | {"revisionName": revision}
        if "tag" in one:
            target["url"] = f"http://{one['tag']}---{host(world, name)}"
        targets.append(target)
    return targets


def serving(world: World, name: str) -> str:
    """Return the revision with the traffic of a service, or one of them if it's split."""
    return next(str(one["revisionName"]) for one in traffic(world, name) if one.get("percent"))


def visited(world: World, address: str) -> str | None:
    """Return the revision of a run.app URL, None if it doesn't exist or isn't public.

    With an ingress setting other than all, the response is 404
    (https://cloud.google.com/run/docs/securing/ingress).
    """
    for name, service in world.run_services.items():
        ingress = service["config"].get("ingressSettings", "ALLOW_ALL")
        if ingress == "ALLOW_ALL" and public(world, name):
            for one in traffic(world, name):
                if "tag" in one and address == f"{one['tag']}---{host(world, name)}":
                    return str(one["revisionName"])
    return None


def reached(world: World, name: str) -> bool:
    """Return whether a browser reaches a service by its own host, or through a load balancer."""
    ingress = world.run_services[name]["config"].get("ingressSettings", "ALLOW_ALL")
    balanced = {f"global/backendServices/{name}", "global/forwardingRules/smart"}
    return public(world, name) and (ingress == "ALLOW_ALL" or balanced <= world.resources.keys())


def host(world: World, name: str) -> str:
    return f"{name}-{world.number}.{world.run_services[name]['region']}.run.app"


def public(world: World, name: str) -> bool:
    """Return whether anyone may call a service."""
    service = world.run_services[name]
    policy = world.policies.get(resource(world, service["region"], name), [])
    # gcloud writes "True", Google's documents "true".
    return service["annotations"].get(INVOKER_CHECK_OFF, "").lower() == "true" or any(
        binding["role"] == "roles/run.invoker" and "allUsers" in binding["members"]
        for binding in policy
    )


def resource(world: World, region: str, name: str) -> str:
    """Return the full name of a service."""
    return f"projects/{world.project}/locations/{region}/services/{name}"
