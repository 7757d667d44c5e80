"""Load balancing, certificates and connectors: whether what is named is there.

No packet goes anywhere. A resource is kept as it was sent; one that it names by its address must be
there first (https://cloud.google.com/compute/docs/reference/rest/v1, "The resource ... was not
found").
"""

import re
from typing import Any

from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import Refusal, already_exists
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

COMPUTE = Api("compute.googleapis.com", "Compute Engine")
CERTIFICATES = Api("certificatemanager.googleapis.com", "Certificate Manager")
VPC_ACCESS = Api("vpcaccess.googleapis.com", "Serverless VPC Access")
APIS = (COMPUTE, CERTIFICATES, VPC_ACCESS)

_NAMED = re.compile(r"(?:^|/)projects/[^/]+/((?:global|regions/[^/]+)/[^/]+/[^/]+)$")
_COMPUTE_RIGHT = "compute.instances.create"


def _named(value: Any) -> list[str]:
    """Return the URLs of other resources in a body."""
    match value:
        case dict():
            return [one for item in value.values() for one in _named(item)]
        case list():
            return [one for item in value for one in _named(item)]
        case str() if match := _NAMED.search(value):
            return [match[1]]
    return []


@COMPUTE("POST", "/compute/v1/projects/{project}/{collection*}")
def insert(world: World, request: Request, project: str, collection: str) -> Answer:
    """https://cloud.google.com/compute/docs/reference/rest/v1 (insert and its like)"""
    exists(world, project)
    world.need(request.member, _COMPUTE_RIGHT, f"projects/{project}")
    if collection.endswith("/wait"):
        return _done(project, collection.rpartition("/operations/")[0])
    body = request.json
    on, _, action = collection.rpartition("/")
    if action in {"addRule", "setSecurityPolicy"}:
        return _act(world, project, on, action, body)
    path = f"{collection}/{body['name']}"
    if path in world.resources:
        raise already_exists(f"The resource 'projects/{project}/{path}'")
    _all_there(world, project, body)
    world.resources[path] = body | {"selfLink": _link(project, path)}
    if "/addresses/" in path or path.startswith("global/addresses/"):
        world.resources[path] |= {"address": "203.0.113.7", "status": "RESERVED"}
    return _done(project, path)


@COMPUTE("GET", "/compute/v1/projects/{project}/{path*}")
def get(world: World, request: Request, project: str, path: str) -> Answer:
    """https://cloud.google.com/compute/docs/reference/rest/v1 (get)"""
    exists(world, project)
    world.need(request.member, _COMPUTE_RIGHT, f"projects/{project}")
    if "/operations/" in path:
        return _done(project, path)
    if path not in world.resources:
        raise _missing(project, path)
    return {"kind": "compute#resource", "fingerprint": "AAAA", **world.resources[path]}


@COMPUTE("PATCH", "/compute/v1/projects/{project}/{path*}")
@COMPUTE("PUT", "/compute/v1/projects/{project}/{path*}")
def change(world: World, request: Request, project: str, path: str) -> Answer:
    """https://cloud.google.com/compute/docs/reference/rest/v1 (patch, update)"""
    exists(world, project)
    world.need(request.member, _COMPUTE_RIGHT, f"projects/{project}")
    if path not in world.resources:
        raise _missing(project, path)
    _all_there(world, project, request.json)
    world.resources[path] |= request.json
    return _done(project, path)


def _act(world: World, project: str, path: str, action: str, body: dict[str, Any]) -> Answer:
    """https://cloud.google.com/compute/docs/reference/rest/v1/securityPolicies/addRule and
    backendServices/setSecurityPolicy."""
    if path not in world.resources:
        raise _missing(project, path)
    _all_there(world, project, body)
    if action == "addRule":
        world.resources[path].setdefault("rules", []).append(body)
    else:
        world.resources[path]["securityPolicy"] = body["securityPolicy"]
    return _done(project, path)


def _located(api: Api, versions: str) -> None:
    """Create, get and wait in the APIs that put everything below a location."""

    @api("POST", f"/{versions}/projects/{{project}}/locations/{{rest*}}")
    def create(world: World, request: Request, project: str, rest: str) -> Answer:
        exists(world, project)
        world.need(request.member, _COMPUTE_RIGHT, f"projects/{project}")
        identity = next(value for name, value in request.query.items() if name.endswith("Id"))
        path = f"projects/{project}/locations/{rest}/{identity}"
        if path in world.resources:
            raise already_exists(f"Resource '{path}'")
        for name in _below(request.json):
            if name not in world.resources:
                raise Refusal(404, f"Resource '{name}' was not found")
        world.resources[path] = {"name": path, **request.json}
        if "/dnsAuthorizations" in path:
            domain = request.json["domain"]
            record = {"name": f"_acme-challenge.{domain}.", "type": "CNAME", "data": "x.goog."}
            world.resources[path]["dnsResourceRecord"] = record
        operation = f"projects/{project}/locations/{rest.split('/', maxsplit=1)[0]}/operations/op-1"
        world.begin(operation, 30, world.resources[path])
        return {"name": operation}

    @api("GET", f"/{versions}/projects/{{project}}/locations/{{rest*}}")
    def get_it(world: World, request: Request, project: str, rest: str) -> Answer:
        exists(world, project)
        path = f"projects/{project}/locations/{rest}"
        if "/operations/" in path:
            return world.look(path)
        if path not in world.resources:
            raise Refusal(404, f"Resource '{path}' was not found")
        return dict(world.resources[path])


def _below(value: Any) -> list[str]:
    """Return the names of other resources below a location."""
    match value:
        case dict():
            return [one for item in value.values() for one in _below(item)]
        case list():
            return [one for item in value for one in _below(item)]
        case str() if re.fullmatch(r"projects/[^/]+/locations/.+", value):
            return [value]
    return []


_located(CERTIFICATES, "v1")
_located(VPC_ACCESS, "v1")


def _all_there(world: World, project: str, body: Any) -> None:
    for path in _named(body):
        if path not in world.resources:
            raise _missing(project, path)


def _missing(project: str, path: str) -> Refusal:
    return Refusal(404, f"The resource 'projects/{project}/{path}' was not found")


def _link(project: str, path: str) -> str:
    return f"https://www.googleapis.com/compute/v1/projects/{project}/{path}"


def _done(project: str, path: str) -> Answer:
    scope = "/".join(path.split("/")[: 1 if path.startswith("global") else 2])
    operation = f"{scope}/operations/op-1"
    regional = scope.startswith("regions/")
    return {
        "kind": "compute#operation",
        "name": "op-1",
        "status": "DONE",
        "operationType": "insert",
        "progress": 100,
        "targetLink": _link(project, path),
        "selfLink": _link(project, operation),
    } | ({"region": _link(project, scope)} if regional else {})
