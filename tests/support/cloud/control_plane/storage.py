"""Cloud Storage: the buckets that builds and functions read their source from."""

import base64
import email
import email.policy
import hashlib
import json
from urllib.parse import unquote

from tests.support.cloud.control_plane import keys
from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import Refusal, not_found
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

API = Api("storage.googleapis.com", "Cloud Storage")


def bucket_name(bucket: str) -> str:
    """As policies name it (https://cloud.google.com/iam/docs/conditions-resource-attributes)."""
    return f"projects/_/buckets/{bucket}"


def object_name(bucket: str, path: str) -> str:
    return f"{bucket_name(bucket)}/objects/{path}"


def put(world: World, bucket: str, path: str, content: bytes) -> Answer:
    """Keep an object."""
    world.objects[f"{bucket}/{path}"] = content
    digest = base64.b64encode(hashlib.md5(content).digest()).decode()
    return {
        "kind": "storage#object",
        "name": path,
        "bucket": bucket,
        "generation": "1",
        "size": str(len(content)),
        "md5Hash": digest,
    }


def read(world: World, member: str, bucket: str, path: str) -> bytes:
    """Return an object for a member with a permission on the project or the bucket."""
    name = object_name(bucket, path)
    from tests.support.cloud.control_plane import rights
    from tests.support.cloud.control_plane.refusals import permission_denied

    policies = [world.policy, world.policies.get(bucket_name(bucket), [])]
    if not rights.allows(policies, member, "storage.objects.get", name):
        raise permission_denied("storage.objects.get", name)
    return world.objects[f"{bucket}/{path}"]


@API("GET", "/storage/v1/projects/{project}/serviceAccount")
def storage_agent(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/projects/serviceAccount/get"""
    exists(world, project)
    email = keys.agent(world, API.host)
    world.accounts.setdefault(email, world.now)
    return {"kind": "storage#serviceAccount", "email_address": email}


@API("GET", "/storage/v1/b/{bucket}")
def get_bucket(world: World, request: Request, bucket: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets/get"""
    if bucket not in world.buckets:
        raise Refusal(404, "The specified bucket does not exist.")
    world.need(request.member, "storage.buckets.get", bucket_name(bucket))
    return {"kind": "storage#bucket", "name": bucket, **world.buckets[bucket]}


@API("GET", "/storage/v1/b")
def list_buckets(world: World, request: Request) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets/list"""
    world.need(request.member, "storage.buckets.list", f"projects/{world.project}")
    start = request.query.get("prefix", "")
    return {"items": [{"name": name} for name in world.buckets if name.startswith(start)]}


@API("POST", "/storage/v1/b")
def create_bucket(world: World, request: Request) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets/insert"""
    world.need(request.member, "storage.buckets.create", f"projects/{world.project}")
    bucket = request.json["name"]
    if bucket in world.buckets:
        raise Refusal(
            409,
            "Your previous request to create the named bucket succeeded and you already own it.",
        )
    key = request.json.get("encryption", {}).get("defaultKmsKeyName")
    keys.hold(world, API.host, key, request.json["location"].lower(), "a bucket")
    world.buckets[bucket] = request.json
    return {"kind": "storage#bucket", "name": bucket}


@API("PATCH", "/storage/v1/b/{bucket}")
def change_bucket(world: World, request: Request, bucket: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets/patch"""
    _there(world, request, bucket, "storage.buckets.update")
    world.buckets[bucket] = world.buckets[bucket] | request.json
    return {"kind": "storage#bucket", "name": bucket, **world.buckets[bucket]}


@API("GET", "/storage/v1/b/{bucket}/iam")
def get_policy(world: World, request: Request, bucket: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets/getIamPolicy"""
    _there(world, request, bucket, "storage.buckets.getIamPolicy")
    return {"version": 1, "bindings": world.policies.get(bucket_name(bucket), []), "etag": "CAE="}


@API("PUT", "/storage/v1/b/{bucket}/iam")
def set_policy(world: World, request: Request, bucket: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets/setIamPolicy"""
    _there(world, request, bucket, "storage.buckets.setIamPolicy")
    policy = world.set_policy(request.json["bindings"])
    world.policies[bucket_name(bucket)] = policy
    return {"version": 1, "bindings": policy, "etag": "CAE="}


@API("POST", "/upload/storage/v1/b/{bucket}/o")
@API("POST", "/resumable/upload/storage/v1/b/{bucket}/o")
def insert(world: World, request: Request, bucket: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/objects/insert, complete or resumable."""
    _there(world, request, bucket, "storage.objects.create")
    path = request.query.get("name") or ""
    if request.query.get("uploadType") == "resumable":
        path = path or json.loads(request.body)["name"]
        address = f"http://storage.googleapis.com/resumable/{bucket}/{path}"
        return {"_headers": {"Location": address}}
    metadata, content = _multipart(request.body)
    return put(world, bucket, path or metadata["name"], content)


@API("PUT", "/resumable/{bucket}/{path*}")
def insert_rest(world: World, request: Request, bucket: str, path: str) -> Answer:
    """Store the only chunk of a resumable upload."""
    return put(world, bucket, unquote(path), request.body)


@API("PUT", "/upload/{bucket}/{path*}")
def put_signed(world: World, request: Request, bucket: str, path: str) -> Answer:
    """Store an upload to a signed URL, as returned by Cloud Functions."""
    return put(world, bucket, unquote(path), request.body)


@API("GET", "/storage/v1/b/{bucket}/o")
def list_objects(world: World, request: Request, bucket: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/objects/list"""
    _there(world, request, bucket, "storage.objects.list")
    start = f"{bucket}/{request.query.get('prefix', '')}"
    names = [name for name in sorted(world.objects) if name.startswith(start)]
    items = [put(world, bucket, one.partition("/")[2], world.objects[one]) for one in names]
    return {"kind": "storage#objects", "items": items}


@API("DELETE", "/storage/v1/b/{bucket}/o/{path*}")
def delete_object(world: World, request: Request, bucket: str, path: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/objects/delete"""
    _there(world, request, bucket, "storage.objects.delete")
    if world.objects.pop(f"{bucket}/{unquote(path)}", None) is None:
        raise not_found(f"No such object: {bucket}/{unquote(path)}")
    return {}


@API("GET", "/storage/v1/b/{bucket}/o/{path*}")
def get_object(world: World, request: Request, bucket: str, path: str) -> Answer:
    """https://cloud.google.com/storage/docs/json_api/v1/objects/get"""
    _there(world, request, bucket, "storage.objects.get")
    if f"{bucket}/{unquote(path)}" not in world.objects:
        raise not_found(f"No such object: {bucket}/{unquote(path)}")
    return put(world, bucket, unquote(path), world.objects[f"{bucket}/{unquote(path)}"])


def _multipart(body: bytes) -> tuple[dict[str, str], bytes]:
    """Metadata and content of a multipart/related upload."""
    boundary = body.split(b"\r\n" if b"\r\n" in body[:200] else b"\n", 1)[0][2:]
    head = b'Content-Type: multipart/related; boundary="' + boundary + b'"\r\n\r\n'
    whole = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    first, second = (part.get_payload(decode=True) for part in whole.iter_parts())
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    return json.loads(first), second


def _there(world: World, request: Request, bucket: str, permission: str) -> None:
    if bucket not in world.buckets:
        raise Refusal(404, "The specified bucket does not exist.")
    world.need(request.member, permission, bucket_name(bucket))
