"""Which role holds which permission, and whether a member may do a thing.

Roles: the lists of github.com/iann0036/iam-dataset, gcp/roles, of August 2026 (Google's own
`roles.get`), cut to the permissions that the calls here ask for. There the older
`datastore.indexes.get` is called `datastore.schemas.get`. `roles/owner` holds everything.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Policy = list[dict[str, Any]]

_RUN = frozenset(
    {
        "resourcemanager.projects.get",
        "run.operations.get",
        "run.revisions.get",
        "run.revisions.list",
        "run.routes.get",
        "run.services.create",
        "run.services.get",
        "run.services.getIamPolicy",
        "run.services.list",
        "run.services.update",
    }
)
_RUN_DEVELOPER = _RUN | {"run.revisions.delete"}
ROLES: Mapping[str, frozenset[str]] = {
    "roles/cloudfunctions.developer": _RUN
    | {
        "cloudfunctions.functions.create",
        "cloudfunctions.functions.get",
        "cloudfunctions.functions.list",
        "cloudfunctions.functions.sourceCodeSet",
        "cloudfunctions.functions.update",
        "cloudfunctions.locations.list",
        "cloudfunctions.operations.get",
        "serviceusage.services.get",
    },
    "roles/run.developer": _RUN_DEVELOPER,
    "roles/logging.logWriter": frozenset({"logging.logEntries.create"}),
    "roles/artifactregistry.writer": frozenset(
        {"artifactregistry.repositories.uploadArtifacts", "resourcemanager.projects.get"}
    ),
    "roles/storage.objectViewer": frozenset(
        {"resourcemanager.projects.get", "storage.objects.get", "storage.objects.list"}
    ),
    "roles/datastore.user": frozenset(
        {
            "datastore.databases.get",
            "datastore.entities.create",
            "datastore.entities.delete",
            "datastore.entities.get",
            "datastore.entities.update",
            "resourcemanager.projects.get",
        }
    ),
    "roles/datastore.viewer": frozenset(
        {
            "datastore.databases.get",
            "datastore.entities.get",
            "datastore.schemas.get",
            "resourcemanager.projects.get",
        }
    ),
    "roles/secretmanager.secretAccessor": frozenset(
        {"resourcemanager.projects.get", "secretmanager.versions.access"}
    ),
    "roles/iam.serviceAccountUser": frozenset(
        {"iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "resourcemanager.projects.get"}
    ),
    "roles/cloudkms.cryptoKeyEncrypterDecrypter": frozenset(
        {"cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToEncrypt"}
    ),
    "roles/run.invoker": frozenset({"run.routes.invoke"}),
    "roles/vpcaccess.user": frozenset({"vpcaccess.connectors.use", "vpcaccess.connectors.get"}),
}

_CONDITION = re.compile(
    r'resource\.name\s*==\s*"(?P<name>[^"]+)"|resource\.name\.startsWith\("(?P<start>[^"]+)"\)'
)


def allows(
    policies: Iterable[Policy],
    member: str,
    permission: str,
    resource: str,
    own: Mapping[str, frozenset[str]] | None = None,
) -> bool:
    """Whether one of the policies grants `member` the permission on `resource` (its full name).

    `own` are the project's own roles.
    """
    roles = {**ROLES, **(own or {})}
    return any(
        {member, "allUsers"} & set(binding["members"])
        and (binding["role"] == "roles/owner" or permission in roles.get(binding["role"], ()))
        and _holds(binding.get("condition"), resource)
        for policy in policies
        for binding in policy
    )


def _holds(condition: Mapping[str, str] | None, resource: str) -> bool:
    """Evaluate a condition on the name of the resource, the only kind that the guide uses."""
    if condition is None:
        return True
    match = _CONDITION.fullmatch(condition["expression"])
    if match is None:
        raise ValueError(f"no such condition is known here: {condition['expression']}")
    start = match["start"]
    return resource == match["name"] if start is None else resource.startswith(start)
