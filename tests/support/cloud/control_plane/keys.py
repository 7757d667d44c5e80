"""Customer-managed keys: Cloud KMS, the service agents that use a key, and who must name one."""

from typing import Any

from tests.support.cloud.control_plane import rights
from tests.support.cloud.control_plane.project import SERVICE_USAGE, exists
from tests.support.cloud.control_plane.refusals import Refusal, already_exists, forbidden
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

KMS = Api("cloudkms.googleapis.com", "Cloud Key Management Service (KMS)")
REPOSITORIES = Api("artifactregistry.googleapis.com", "Artifact Registry")
APIS = (KMS, REPOSITORIES)
CONSTRAINT = "gcp.restrictNonCmekServices"
# https://cloud.google.com/iam/docs/service-agents
AGENTS = {
    "artifactregistry.googleapis.com": "gcp-sa-artifactregistry",
    "cloudfunctions.googleapis.com": "gcf-admin-robot",
    "firestore.googleapis.com": "gcp-sa-firestore",
    "run.googleapis.com": "serverless-robot-prod",
    "secretmanager.googleapis.com": "gcp-sa-secretmanager",
    "storage.googleapis.com": "gs-project-accounts",
}


def agent(world: World, service: str) -> str:
    """Return the account that a service uses a key with."""
    return f"service-{world.number}@{AGENTS[service]}.iam.gserviceaccount.com"


def hold(world: World, service: str, key: str | None, region: str, what: str) -> None:
    """Refuse what has no key where a policy demands one, and a key that the service can't use.

    That a key must be in the place of what it encrypts, and which agent needs the role:
    https://cloud.google.com/functions/docs/securing/cmek and
    https://cloud.google.com/firestore/native/docs/use-cmek. The words of a refusal weren't seen.
    """
    if not key:
        rules = world.constraints.get(CONSTRAINT, [])
        denied = [one for rule in rules for one in rule["values"]["deniedValues"]]
        if f"is:{service}" in denied:
            raise forbidden(CONSTRAINT, world.project, f"to create {what} without a CMEK key")
        return
    if key not in world.resources or f"/locations/{region}/" not in key:
        raise Refusal(400, f"The key {key} doesn't exist, or isn't in {region}.")
    policy = [world.policies.get(key, [])]
    permission = "cloudkms.cryptoKeyVersions.useToEncrypt"
    if not rights.allows(policy, f"serviceAccount:{agent(world, service)}", permission, key):
        raise Refusal(403, f"{agent(world, service)} has no permission {permission} on {key}.")


@SERVICE_USAGE(
    "POST", "/v1beta1/projects/{project}/services/{service}:generateServiceIdentity", of_gcloud=True
)
def generate_identity(world: World, request: Request, project: str, service: str) -> Answer:
    """https://cloud.google.com/service-usage/docs/reference/rest/v1beta1/services/generateServiceIdentity"""
    exists(world, project)
    email = agent(world, service)
    world.accounts.setdefault(email, world.now)
    return {"name": "operations/finished.1", "done": True, "response": {"email": email}}


@KMS("POST", "/v1/projects/{project}/locations/{region}/keyRings")
@KMS("POST", "/v1/projects/{project}/locations/{region}/keyRings/{ring}/cryptoKeys")
def create(world: World, request: Request, project: str, region: str, ring: str = "") -> Answer:
    """https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings/create"""
    exists(world, project)
    world.need(request.member, "cloudkms.keyRings.create", f"projects/{project}")
    above = f"projects/{project}/locations/{region}/keyRings"
    if ring and f"{above}/{ring}" not in world.resources:
        raise Refusal(404, f"KeyRing {above}/{ring} not found.")
    kind = "cryptoKeyId" if ring else "keyRingId"
    name = request.path.removeprefix("/v1/") + f"/{request.query[kind]}"
    if name in world.resources:
        raise already_exists(name)
    world.resources[name] = {"name": name, **request.json}
    return dict(world.resources[name])


_KEY = "/v1/projects/{project}/locations/{region}/keyRings/{ring}/cryptoKeys/{key}"


@KMS("GET", f"{_KEY}:getIamPolicy")
@KMS("POST", f"{_KEY}:setIamPolicy")
def policy(world: World, request: Request, **parts: str) -> Answer:
    """https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/setIamPolicy"""
    name, action = request.path.removeprefix("/v1/").split(":")
    exists(world, parts["project"])
    world.need(request.member, f"cloudkms.cryptoKeys.{action}", name)
    if name not in world.resources:
        raise Refusal(404, f"CryptoKey {name} not found.")
    if action == "setIamPolicy":
        world.policies[name] = world.set_policy(request.json["policy"]["bindings"])
    return {"version": 1, "bindings": world.policies.get(name, []), "etag": "BwY="}


@REPOSITORIES("POST", "/v1/projects/{project}/locations/{region}/repositories")
def create_repository(world: World, request: Request, project: str, region: str) -> Answer:
    """https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories/create"""
    exists(world, project)
    world.need(request.member, "artifactregistry.repositories.create", f"projects/{project}")
    hold(world, REPOSITORIES.host, request.json.get("kmsKeyName"), region, "a repository")
    place = f"projects/{project}/locations/{region}"
    name = f"{place}/repositories/{request.query['repositoryId']}"
    world.resources[name] = {"name": name, **request.json}
    world.begin(f"{place}/operations/repository", 10, dict(world.resources[name]))
    return {"name": f"{place}/operations/repository"}


@REPOSITORIES("GET", "/v1/projects/{project}/locations/{region}/{rest*}")
def get_repository(world: World, request: Request, project: str, region: str, rest: str) -> Answer:
    """Return a repository, or an operation."""
    name = request.path.removeprefix("/v1/")
    return world.look(name) if rest.startswith("operations/") else dict(world.resources[name])


def of_function(world: World, region: str, function: dict[str, Any]) -> None:
    """Check the key of a function's sources, image and instances. Its repository must have the
    same.
    """
    key: str | None = function.get("kmsKeyName")
    for service in ("cloudfunctions", "run", "storage"):
        hold(world, f"{service}.googleapis.com", key, region, "a function")
    repository = function["buildConfig"].get("dockerRepository", "")
    if repository and "/gcf-artifacts" not in repository:
        kept = world.resources.get(repository, {"kmsKeyName": None})
        if repository not in world.resources or kept.get("kmsKeyName") != key:
            raise Refusal(400, f"The repository {repository} isn't there, or has another key.")
    else:
        hold(world, REPOSITORIES.host, None, region, "the repository gcf-artifacts")
