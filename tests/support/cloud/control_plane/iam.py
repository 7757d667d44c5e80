"""Service accounts: a new one is not usable at once."""

from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import Refusal, already_exists
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import ACCOUNT_SECONDS, World

API = Api("iam.googleapis.com", "Identity and Access Management (IAM)")


def resource(project: str, email: str) -> str:
    return f"projects/{project}/serviceAccounts/{email}"


@API("POST", "/v1/projects/{project}/serviceAccounts")
def create(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create"""
    exists(world, project)
    world.need(request.member, "iam.serviceAccounts.create", f"projects/{project}")
    name = request.json["accountId"]
    email = f"{name}@{project}.iam.gserviceaccount.com"
    if email in world.accounts:
        raise already_exists(f"Service account {name}")
    world.accounts[email] = world.now + ACCOUNT_SECONDS
    return {"name": resource(project, email), "email": email, "projectId": project}


@API("POST", "/v1/projects/{project}/roles")
def create_role(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create"""
    exists(world, project)
    world.need(request.member, "iam.roles.create", f"projects/{project}")
    name = f"projects/{project}/roles/{request.json['roleId']}"
    if name in world.roles:
        raise already_exists(f"A role named {request.json['roleId']} in projects/{project}")
    role = request.json["role"]
    world.roles[name] = frozenset(role["includedPermissions"])
    return {**role, "name": name, "etag": "BwY="}


@API("GET", "/v1/projects/{project}/serviceAccounts/{email}")
def get(world: World, request: Request, project: str, email: str) -> Answer:
    """https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/get"""
    world.need(request.member, "iam.serviceAccounts.get", resource(world.project, email))
    _there(world, email)
    return {"name": resource(world.project, email), "email": email, "projectId": world.project}


@API("POST", "/v1/projects/{project}/serviceAccounts/{email}:getIamPolicy")
def get_policy(world: World, request: Request, project: str, email: str) -> Answer:
    """https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/getIamPolicy"""
    name = resource(world.project, email)
    world.need(request.member, "iam.serviceAccounts.getIamPolicy", name)
    _there(world, email)
    return {"version": 1, "bindings": world.policies.get(name, []), "etag": "BwY="}


@API("POST", "/v1/projects/{project}/serviceAccounts/{email}:setIamPolicy")
def set_policy(world: World, request: Request, project: str, email: str) -> Answer:
    """https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/setIamPolicy"""
    name = resource(world.project, email)
    world.need(request.member, "iam.serviceAccounts.setIamPolicy", name)
    _there(world, email)
    world.policies[name] = world.set_policy(request.json["policy"]["bindings"])
    return {"version": 1, "bindings": world.policies[name], "etag": "BwY="}


def _there(world: World, email: str) -> None:
    """https://cloud.google.com/iam/docs/troubleshoot-policies and issue 10227 of
    github.com/hashicorp/terraform-provider-google: a new account may be unknown for a while."""
    if email not in world.accounts or world.accounts[email] > world.now:
        raise Refusal(404, f"Unknown service account: {email}")
