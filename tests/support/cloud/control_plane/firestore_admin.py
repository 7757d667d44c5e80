"""Firestore's admin API: one operation at a time on the fields of a database."""

from typing import Any

from tests.support.cloud.control_plane import keys
from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import already_exists, changed_meanwhile, not_found
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import OPERATION_SECONDS, World

API = Api("firestore.googleapis.com", "Cloud Firestore")
_FIELD = "/v1/projects/{project}/databases/{database}/collectionGroups/{collection}/fields/{field}"


@API("POST", "/v1/projects/{project}/databases")
def create(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases/create"""
    exists(world, project)
    world.need(request.member, "datastore.databases.create", f"projects/{project}")
    database = request.query["databaseId"]
    if database in world.databases:
        raise already_exists(f"Database '{database}'")
    key = request.json.get("cmekConfig", {}).get("kmsKeyName")
    keys.hold(world, API.host, key, request.json["locationId"], "a database")
    name = f"projects/{project}/databases/{database}"
    world.databases[database] = {"name": name, **request.json}
    operation = f"{name}/operations/create"
    world.begin(operation, OPERATION_SECONDS, world.databases[database])
    return {"name": operation}


@API("PATCH", _FIELD)
def patch_field(
    world: World, request: Request, project: str, database: str, collection: str, field: str
) -> Answer:
    """https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields/patch"""
    name = _database(world, request, project, database, "datastore.schemas.update")
    running = [
        operation
        for at, operation in world.operations.items()
        if at.startswith(f"{name}/operations/") and operation["until"] > world.now
    ]
    if running:
        raise changed_meanwhile()
    key = f"{collection}/{field}"
    known: dict[str, Any] = world.fields.setdefault(key, {})
    match request.query.get("updateMask"):
        case "ttlConfig":
            known["ttl"] = "ttlConfig" in request.json
        case "indexConfig":
            indexes = request.json.get("indexConfig", {}).get("indexes", [])
            known["indexes"] = len(indexes)
        case mask:
            raise not_found(f"A field's {mask}")
    operation = f"{name}/operations/{world.number_of_its_own()}"
    world.begin(operation, OPERATION_SECONDS, {"name": f"{name}/collectionGroups/{key}"})
    return {"name": operation}


@API("GET", _FIELD)
def get_field(
    world: World, request: Request, project: str, database: str, collection: str, field: str
) -> Answer:
    """https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields/get"""
    name = _database(world, request, project, database, "datastore.schemas.get")
    return {"name": f"{name}/collectionGroups/{collection}/fields/{field}"} | shown(
        world, collection, field
    )


def shown(world: World, collection: str, field: str) -> dict[str, Any]:
    """Return a field's configuration, by default the database's, which indexes every field."""
    known = world.fields.get(f"{collection}/{field}", {})
    indexes = known.get("indexes")
    config: dict[str, Any] = (
        {"usesAncestorConfig": True, "indexes": [{"state": "READY"}]}
        if indexes is None
        else {"indexes": [{"state": "READY"}] * indexes}
    )
    return {"indexConfig": config} | (
        {"ttlConfig": {"state": "ACTIVE"}} if known.get("ttl") else {}
    )


@API("GET", "/v1/projects/{project}/databases/{database}/operations/{operation}")
def get_operation(
    world: World, request: Request, project: str, database: str, operation: str
) -> Answer:
    """https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.operations/get"""
    name = _database(world, request, project, database, "datastore.operations.get")
    return world.look(f"{name}/operations/{operation}")


def _database(world: World, request: Request, project: str, database: str, permission: str) -> str:
    exists(world, project)
    name = f"projects/{project}/databases/{database}"
    world.need(request.member, permission, name)
    if database not in world.databases:
        raise not_found(f"Database '{database}'")
    return name
