"""The project itself: Resource Manager, billing, services and the log's sinks."""

from tests.support.cloud.control_plane.refusals import (
    Refusal,
    already_exists,
    billing_missing,
    not_found,
    permission_denied,
)
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import BILLING_ACCOUNT, OPERATOR, World

RESOURCE_MANAGER = Api("cloudresourcemanager.googleapis.com", "Cloud Resource Manager")
BILLING = Api("cloudbilling.googleapis.com", "Cloud Billing")
SERVICE_USAGE = Api("serviceusage.googleapis.com", "Service Usage")
LOGGING = Api("logging.googleapis.com", "Cloud Logging")

# The services enabled in a new project
# (https://cloud.google.com/service-usage/docs/enabled-service), limited to those that calls here
# use.
DEFAULT_SERVICES = frozenset(
    {"logging.googleapis.com", "serviceusage.googleapis.com", "storage.googleapis.com"}
)
# Those that can be enabled without a billing account; the others cost money.
FREE_SERVICES = frozenset(
    {
        "cloudapis.googleapis.com",
        "cloudbilling.googleapis.com",
        "cloudresourcemanager.googleapis.com",
        "firestore.googleapis.com",
        "iam.googleapis.com",
        "iamcredentials.googleapis.com",
        "logging.googleapis.com",
        "monitoring.googleapis.com",
        "serviceusage.googleapis.com",
        "storage.googleapis.com",
    }
)


def _project(world: World) -> Answer:
    return {
        "projectId": world.project,
        "projectNumber": world.number,
        "name": world.project,
        "lifecycleState": "ACTIVE",
    }


def exists(world: World, project: str) -> None:
    """Refuse as Google does, which does not tell what is not there from what is not yours."""
    if not world.project or project not in {world.project, world.number}:
        raise permission_denied("resourcemanager.projects.get", f"projects/{project}")


@RESOURCE_MANAGER("POST", "/v1/projects", of_gcloud=True)
def create_project(world: World, request: Request) -> Answer:
    """https://cloud.google.com/resource-manager/reference/rest/v1/projects/create"""
    name = request.json["projectId"]
    if world.project:
        raise already_exists(f"Requested entity {name}")
    world.project = name
    world.services = set(DEFAULT_SERVICES)
    world.policy = [{"role": "roles/owner", "members": [OPERATOR]}]
    world.sinks = {"_Default": {"name": "_Default", "destination": "logging.googleapis.com"}}
    world.begin("operations/cp.1", 0, _project(world))
    return {"name": "operations/cp.1"}


@RESOURCE_MANAGER("GET", "/v1/operations/{name}", of_gcloud=True)
def project_operation(world: World, request: Request, name: str) -> Answer:
    """https://cloud.google.com/resource-manager/reference/rest/v1/operations/get"""
    return world.look(f"operations/{name}")


@RESOURCE_MANAGER("GET", "/v1/projects/{project}")
def get_project(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/resource-manager/reference/rest/v1/projects/get"""
    exists(world, project)
    world.need(request.member, "resourcemanager.projects.get", f"projects/{project}")
    return _project(world)


@RESOURCE_MANAGER("POST", "/v1/projects/{project}:getIamPolicy")
def get_project_policy(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy"""
    exists(world, project)
    world.need(request.member, "resourcemanager.projects.getIamPolicy", f"projects/{project}")
    return {"version": 3, "bindings": world.policy, "etag": "BwY="}


@RESOURCE_MANAGER("POST", "/v1/projects/{project}:setIamPolicy")
def set_project_policy(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/resource-manager/reference/rest/v1/projects/setIamPolicy"""
    exists(world, project)
    world.need(request.member, "resourcemanager.projects.setIamPolicy", f"projects/{project}")
    world.policy = world.set_policy(request.json["policy"]["bindings"])
    return {"version": 3, "bindings": world.policy, "etag": "BwY="}


@BILLING("GET", "/v1/projects/{project}/billingInfo", of_gcloud=True)
def billing_info(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo"""
    exists(world, project)
    return {"name": f"projects/{project}/billingInfo", "billingEnabled": bool(world.billing)}


@BILLING("PUT", "/v1/projects/{project}/billingInfo", of_gcloud=True)
def link_billing(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/billing/docs/reference/rest/v1/projects/updateBillingInfo"""
    exists(world, project)
    account = request.json["billingAccountName"]
    if account != f"billingAccounts/{BILLING_ACCOUNT}":
        raise permission_denied("billing.resourceAssociations.create", account)
    world.billing = account
    return {"projectId": project, "billingAccountName": account, "billingEnabled": True}


@SERVICE_USAGE("POST", "/v1/projects/{project}/services:batchEnable", of_gcloud=True)
def enable_services(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchEnable"""
    exists(world, project)
    world.need(request.member, "serviceusage.services.enable", f"projects/{project}")
    wanted = request.json["serviceIds"]
    cost = [service for service in wanted if service not in FREE_SERVICES]
    if cost and not world.billing:
        raise billing_missing(world.number, cost)
    world.services |= set(wanted)
    world.begin("operations/acf.1", 30)
    return {"name": "operations/acf.1"}


@SERVICE_USAGE("POST", "/v1/projects/{project}/services/{service}:enable", of_gcloud=True)
def enable_service(world: World, request: Request, project: str, service: str) -> Answer:
    """https://cloud.google.com/service-usage/docs/reference/rest/v1/services/enable"""
    exists(world, project)
    world.need(request.member, "serviceusage.services.enable", f"projects/{project}")
    if service not in FREE_SERVICES and not world.billing:
        raise billing_missing(world.number, [service])
    world.services.add(service)
    world.begin("operations/acf.1", 30)
    return {"name": "operations/acf.1"}


@SERVICE_USAGE("GET", "/v1/operations/{name}", of_gcloud=True)
def service_operation(world: World, request: Request, name: str) -> Answer:
    """https://cloud.google.com/service-usage/docs/reference/rest/v1/operations/get"""
    return world.look(f"operations/{name}")


@SERVICE_USAGE("GET", "/v1/projects/{project}/services/{service}")
def get_service(world: World, request: Request, project: str, service: str) -> Answer:
    """https://cloud.google.com/service-usage/docs/reference/rest/v1/services/get"""
    exists(world, project)
    world.need(request.member, "serviceusage.services.get", f"projects/{project}")
    return {"name": service, "state": "ENABLED" if service in world.services else "DISABLED"}


@LOGGING("GET", "/v2/projects/{project}/sinks/{sink}")
def get_sink(world: World, request: Request, project: str, sink: str) -> Answer:
    """https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.sinks/get"""
    exists(world, project)
    world.need(request.member, "logging.sinks.get", f"projects/{project}")
    if sink not in world.sinks:
        raise not_found(f"Sink {sink}")
    return dict(world.sinks[sink])


@LOGGING("PATCH", "/v2/projects/{project}/sinks/{sink}")
@LOGGING("PUT", "/v2/projects/{project}/sinks/{sink}")
def update_sink(world: World, request: Request, project: str, sink: str) -> Answer:
    """https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.sinks/update"""
    exists(world, project)
    world.need(request.member, "logging.sinks.update", f"projects/{project}")
    if sink not in world.sinks:
        raise not_found(f"Sink {sink}")
    names = [one["name"] for one in request.json.get("exclusions", [])]
    if len(names) != len(set(names)):
        raise Refusal(400, "Duplicate exclusion names.")
    world.sinks[sink] |= request.json
    return dict(world.sinks[sink])
