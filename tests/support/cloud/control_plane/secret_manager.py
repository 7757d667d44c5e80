"""Secret Manager: secrets, versions, and who may read one."""

import base64

from tests.support.cloud.control_plane import keys
from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import Refusal, already_exists
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

API = Api("secretmanager.googleapis.com", "Secret Manager")
_AT = "https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets"


def crc32c(data: bytes) -> int:
    """Return the checksum that gcloud sends and checks (RFC 3720, appendix B.4)."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def resource(world: World, secret: str) -> str:
    return f"projects/{world.number}/secrets/{secret}"


def version(world: World, member: str, secret: str, wanted: str) -> bytes:
    """Return the payload of a version, for a member that may read it."""
    name = resource(world, secret)
    world.need(member, "secretmanager.versions.access", name)
    versions = world.secrets.get(secret, [])
    number = len(versions) if wanted == "latest" else int(wanted)
    if not 0 < number <= len(versions):
        raise Refusal(404, f"Secret Version [{name}/versions/{wanted}] not found.")
    if not versions[number - 1]:
        said = f"Secret Version [{name}/versions/{wanted}] is in DESTROYED state."
        raise Refusal(400, said, "FAILED_PRECONDITION")
    return versions[number - 1]


@API("POST", "/v1/projects/{project}/secrets")
def create(world: World, request: Request, project: str) -> Answer:
    """projects.secrets/create below _AT."""
    exists(world, project)
    world.need(request.member, "secretmanager.secrets.create", f"projects/{project}")
    secret = request.query["secretId"]
    if secret in world.secrets:
        raise already_exists(f"Secret [{resource(world, secret)}]")
    for replica in request.json["replication"]["userManaged"]["replicas"]:
        key = replica.get("customerManagedEncryption", {}).get("kmsKeyName")
        keys.hold(world, API.host, key, replica["location"], "a secret")
    world.secrets[secret] = []
    world.replication[secret] = request.json["replication"]
    return {"name": resource(world, secret), **request.json}


@API("POST", "/v1/projects/{project}/secrets/{secret}:addVersion")
def add_version(world: World, request: Request, project: str, secret: str) -> Answer:
    """projects.secrets/addVersion below _AT; an empty payload is refused."""
    _there(world, request, project, secret, "secretmanager.versions.add")
    sent = request.json["payload"]
    payload = base64.b64decode(sent.get("data", ""))
    if int(sent.get("dataCrc32c", crc32c(payload))) != crc32c(payload):
        raise Refusal(400, "The payload does not match its checksum.")
    if not payload:
        raise Refusal(400, "Secret Payload cannot be empty.")
    world.secrets[secret].append(payload)
    number = len(world.secrets[secret])
    return {"name": f"{resource(world, secret)}/versions/{number}", "state": "ENABLED"} | {
        "clientSpecifiedPayloadChecksum": "dataCrc32c" in sent
    }


@API("GET", "/v1/projects/{project}/secrets/{secret}/versions/{number}:access")
def access(world: World, request: Request, project: str, secret: str, number: str) -> Answer:
    """projects.secrets.versions/access below _AT."""
    exists(world, project)
    payload = version(world, request.member, secret, number)
    name = f"{resource(world, secret)}/versions/{number}"
    content = {"data": base64.b64encode(payload).decode(), "dataCrc32c": str(crc32c(payload))}
    return {"name": name, "payload": content}


@API("GET", "/v1/projects/{project}/secrets/{secret}/versions")
def list_versions(world: World, request: Request, project: str, secret: str) -> Answer:
    """projects.secrets.versions/list below _AT; the newest first."""
    _there(world, request, project, secret, "secretmanager.versions.list")
    held = enumerate(world.secrets[secret], 1)
    at = f"{resource(world, secret)}/versions"
    versions = [
        {"name": f"{at}/{number}", "state": "ENABLED" if one else "DESTROYED"}
        for number, one in held
    ]
    return {"versions": versions[::-1]}


@API("POST", "/v1/projects/{project}/secrets/{secret}/versions/{number}:destroy")
def destroy(world: World, request: Request, project: str, secret: str, number: str) -> Answer:
    """projects.secrets.versions/destroy below _AT. What is destroyed is empty here."""
    _there(world, request, project, secret, "secretmanager.versions.destroy")
    world.secrets[secret][int(number) - 1] = b""
    return {"name": f"{resource(world, secret)}/versions/{number}", "state": "DESTROYED"}


@API("GET", "/v1/projects/{project}/secrets/{secret}:getIamPolicy")
def get_policy(world: World, request: Request, project: str, secret: str) -> Answer:
    """projects.secrets/getIamPolicy below _AT."""
    _there(world, request, project, secret, "secretmanager.secrets.getIamPolicy")
    bindings = world.policies.get(resource(world, secret), [])
    return {"version": 1, "bindings": bindings, "etag": "BwY="}


@API("POST", "/v1/projects/{project}/secrets/{secret}:setIamPolicy")
def set_policy(world: World, request: Request, project: str, secret: str) -> Answer:
    """projects.secrets/setIamPolicy below _AT."""
    _there(world, request, project, secret, "secretmanager.secrets.setIamPolicy")
    policy = world.set_policy(request.json["policy"]["bindings"])
    world.policies[resource(world, secret)] = policy
    return {"version": 1, "bindings": policy, "etag": "BwY="}


def _there(world: World, request: Request, project: str, secret: str, permission: str) -> None:
    exists(world, project)
    world.need(request.member, permission, resource(world, secret))
    if secret not in world.secrets:
        raise Refusal(404, f"Secret [{resource(world, secret)}] not found.")
