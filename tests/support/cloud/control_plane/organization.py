"""The resources above the project: its organization's policies, quotas, perimeters and sinks.

A policy that a test turns on, `World.constraints`, is returned here and enforced where Google
enforces it.
"""

from collections.abc import Mapping
from typing import Any

from tests.support.cloud.control_plane.project import LOGGING, RESOURCE_MANAGER, exists
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

POLICIES = Api("orgpolicy.googleapis.com", "Organization Policy")
QUOTAS = Api("cloudquotas.googleapis.com", "Cloud Quotas")
PERIMETERS = Api("accesscontextmanager.googleapis.com", "Access Context Manager")
APIS = (POLICIES, QUOTAS, PERIMETERS)
FOLDER, ORGANIZATION = "111", "222"
# Where a quota counts by region (https://cloud.google.com/docs/quotas/api-overview).
_REGIONS = ["europe-west1", "europe-west3", "us-central1"]


@POLICIES("GET", "/v2/projects/{project}/policies/{constraint}:getEffectivePolicy")
def effective_policy(world: World, request: Request, project: str, constraint: str) -> Answer:
    """https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy"""
    exists(world, project)
    world.need(request.member, "orgpolicy.policy.get", f"projects/{project}")
    boolean = ".managed." in constraint or constraint.startswith("cloudfunctions.require")
    unset: list[Mapping[str, Any]] = [{"enforce": False} if boolean else {"allowAll": True}]
    name = f"projects/{world.number}/policies/{constraint}"
    return {"name": name, "spec": {"rules": world.constraints.get(constraint, unset)}}


@QUOTAS("GET", "/v1/projects/{project}/locations/global/services/{service}/quotaInfos")
def quotas(world: World, request: Request, project: str, service: str) -> Answer:
    """https://cloud.google.com/docs/quotas/reference/rest/v1/projects.locations.services.quotaInfos/list"""
    exists(world, project)
    values = {
        "run.googleapis.com": {
            "CpuAllocPerProjectRegion": world.quota.cpu_milli,
            "MemAllocPerProjectRegion": world.quota.memory_bytes,
        },
        "cloudbuild.googleapis.com": {"ConcurrentBuildCpus": world.quota.build_cpus},
    }[service]
    return {
        "quotaInfos": [
            {
                "quotaId": name,
                "dimensionsInfos": [
                    {"details": {"value": str(value)}, "applicableLocations": _REGIONS}
                ],
            }
            for name, value in values.items()
        ]
    }


@PERIMETERS("GET", "/v1/accessPolicies")
def access_policies(world: World, request: Request) -> Answer:
    """https://cloud.google.com/access-context-manager/docs/reference/rest/v1/accessPolicies/list"""
    world.need_above(request.member, "accesscontextmanager.policies.list")
    return {"accessPolicies": [{"name": "accessPolicies/333"}]}


@PERIMETERS("GET", "/v1/accessPolicies/333/servicePerimeters")
def service_perimeters(world: World, request: Request) -> Answer:
    """https://cloud.google.com/access-context-manager/docs/reference/rest/v1/accessPolicies.servicePerimeters/list"""
    return {"servicePerimeters": world.perimeters}


@RESOURCE_MANAGER("POST", "/v1/projects/{project}:getAncestry")
def ancestry(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/resource-manager/reference/rest/v1/projects/getAncestry"""
    exists(world, project)
    above = (("project", project), ("folder", FOLDER), ("organization", ORGANIZATION))
    return {"ancestor": [{"resourceId": {"type": kind, "id": one}} for kind, one in above]}


@LOGGING("GET", "/v2/{kind}/{number}/sinks")
def sinks_above(world: World, request: Request, kind: str, number: str) -> Answer:
    """https://cloud.google.com/logging/docs/reference/v2/rest/v2/organizations.sinks/list"""
    world.need_above(request.member, "logging.sinks.list")
    return {"sinks": world.sinks_above.get(f"{kind}/{number}", [])}
