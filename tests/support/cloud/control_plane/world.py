"""What exists in the fake cloud. Plain values only, so that a copy is a point to begin from."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.cloud.control_plane import rights
from tests.support.cloud.control_plane.refusals import (
    Refusal,
    member_missing,
    not_a_member,
    permission_denied,
)

OPERATOR = "user:operator@example.org"
BILLING_ACCOUNT = "0A0A0A-0B0B0B-0C0C0C"
# A new account, in seconds: "typically within 2 minutes" for a change of policy, and a minute or
# more for a new account (https://cloud.google.com/iam/docs/overview#consistency).
ACCOUNT_SECONDS = 45.0
# An admin operation of Firestore: one on an empty database still takes minutes.
OPERATION_SECONDS = 90.0


@dataclass
class Quota:
    """A new project's, for a region (https://cloud.google.com/run/quotas), in Google's units."""

    cpu_milli: int = 20_000
    memory_bytes: int = 40 * 2**30
    build_cpus: int = 20


@dataclass(frozen=True)
class Hooks:
    """The functions that a test provides. `start` starts a revision, by its name and its function,
    and returns None or the log of a failed start.

    `build` is called in a separate thread and ends the build. `visit` sends a GET request for a
    path at a run.app URL and returns status and body.
    """

    start: Callable[["World", str, Mapping[str, Any]], str | None]
    build: Callable[["World", dict[str, Any]], None]
    visit: Callable[["World", str, str], tuple[int, bytes]]


@dataclass
class World:
    """One project, its parts by Google's own names for them."""

    now: float = 0.0
    numbers: int = 0
    project: str = ""
    number: str = "123456789012"
    billing: str = ""
    quota: Quota = field(default_factory=Quota)
    # What the organization above holds the project to: the rules of a constraint, the perimeters,
    # its folders' and its own sinks, and whether the project's owner may look there.
    constraints: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    perimeters: list[dict[str, Any]] = field(default_factory=list)
    sinks_above: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    open_above: bool = True
    services: set[str] = field(default_factory=set)
    policy: rights.Policy = field(default_factory=list)
    policies: dict[str, rights.Policy] = field(default_factory=dict)
    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    accounts: dict[str, float] = field(default_factory=dict)
    databases: dict[str, dict[str, Any]] = field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, list[bytes]] = field(default_factory=dict)
    replication: dict[str, dict[str, Any]] = field(default_factory=dict)
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    run_services: dict[str, dict[str, Any]] = field(default_factory=dict)
    # What each revision was made of, for whatever really starts it.
    contents: dict[str, str] = field(default_factory=dict)
    builds: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Networks that Google's own services reach.
    peered: set[str] = field(default_factory=set)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    sinks: dict[str, dict[str, Any]] = field(default_factory=dict)
    # What really starts a function and runs a build, where a test wants that: see `Hooks`.
    hooks: "Hooks | None" = None

    def copy(self) -> "World":
        """Return an independent copy of this world."""
        return copy.deepcopy(replace(self, hooks=None))

    def number_of_its_own(self) -> int:
        """Return a number that nothing else in this world has."""
        self.numbers += 1
        return self.numbers

    def need(self, member: str, permission: str, resource: str) -> None:
        """Refuse if the member doesn't have the permission on the resource."""
        policies = [self.policy, self.policies.get(resource, [])]
        if not rights.allows(policies, member, permission, resource, self.roles):
            raise permission_denied(permission, resource)

    def need_above(self, member: str, permission: str) -> None:
        """Refuse where the organization shows nothing to those below it."""
        if not self.open_above:
            raise permission_denied(permission, "organizations/222")

    def forbids(self, constraint: str, value: str) -> bool:
        """Whether a list policy leaves a value out."""
        return any(
            value not in rule["values"]["allowedValues"]
            for rule in self.constraints.get(constraint, [])
        )

    def account(self, email: str) -> str:
        """Return an account that exists and is usable by now, as a member."""
        if email not in self.accounts or self.accounts[email] > self.now:
            raise member_missing(email)
        return f"serviceAccount:{email}"

    def set_policy(self, policy: rights.Policy) -> rights.Policy:
        """Return a policy that may be set: every service account that it names exists by now."""
        for binding in policy:
            own_members_only = "iam.allowedPolicyMemberDomains" in self.constraints
            if own_members_only and "allUsers" in binding["members"]:
                raise not_a_member()
            if binding["role"].startswith("projects/") and binding["role"] not in self.roles:
                raise Refusal(
                    400, f"Role ({binding['role']}) does not exist in the resource's hierarchy."
                )
            for member in binding["members"]:
                kind, _, email = member.partition(":")
                if kind == "serviceAccount" and email.endswith(".iam.gserviceaccount.com"):
                    self.account(email)
        return policy

    def begin(self, name: str, seconds: float, response: dict[str, Any] | None = None) -> None:
        """Start a long-running operation that ends by itself after some time."""
        self.operations[name] = {"until": self.now + seconds, "response": response or {}}

    def look(self, name: str) -> dict[str, Any]:
        """Return an operation as its caller sees it, after waiting for it."""
        if name not in self.operations:
            raise Refusal(404, f"Operation {name} not found.")
        operation = self.operations[name]
        self.now = max(self.now, operation["until"])
        error = operation.get("error")
        result = {"error": error} if error else {"response": operation["response"]}
        return {"name": name, "done": True, **result}
