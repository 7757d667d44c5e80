"""Compares an organization's policies with deployment.toml.

Each constraint that can stop a deployment has a check here, which reports the setting to change or
the matching section of docs/organization.md. Constraints: https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.deployment import FILE, Deployment

Response = Mapping[str, Any]
Rules = Sequence[Response]
# Reads a path from a Google API.
Get = Callable[[str, str], Response]
# change: you can fix it with a setting. ask: only the organization can fix it. unread: you aren't
# allowed to see it.
Level = Literal["change", "ask", "unread"]
# Services that store data that the guide creates, by their names in gcp.restrictNonCmekServices.
STORING = ("artifactregistry", "cloudfunctions", "firestore", "run", "secretmanager", "storage")


@dataclass(frozen=True)
class Obstacle:
    """One problem and what to do about it."""

    level: Level
    problem: str
    remedy: str


class Unread(Exception):
    """A resource that the caller can't read; the message is the reason."""


def findings(deployment: Deployment, get: Get) -> Iterator[Obstacle]:
    """Yield violations of the policies, and policies that can't be read."""
    for constraint, check in _CHECKS.items():
        try:
            rules = _rules(get, deployment.project, constraint)
        except Unread as error:
            remedy = "Ask your organization's administrator for the role orgpolicy.policyViewer."
            yield Obstacle("unread", f"constraints/{constraint} can't be read: {error}", remedy)
        else:
            yield from check(deployment, constraint, rules)
    yield from _unreachable_callers(deployment, get)


def _rules(get: Get, project: str, constraint: str) -> Rules:
    """Return the rules that apply to the project, including inherited ones."""
    path = f"v2/projects/{project}/policies/{constraint}:getEffectivePolicy"
    spec = get("orgpolicy", path).get("spec", {})
    rules: Rules = spec.get("rules", [])
    # A rule with a condition applies to resources with a tag. The others apply to the rest.
    return [rule for rule in rules if "condition" not in rule]


def allows(rules: Rules, *names: str) -> bool:
    """Return whether a list policy allows a value, under any of its names."""
    values = [rule.get("values", {}) for rule in rules]
    allowed = [_bare(one) for value in values for one in value.get("allowedValues", [])]
    denied = [_bare(one) for value in values for one in value.get("deniedValues", [])]
    if any(rule.get("denyAll") for rule in rules) or set(names) & set(denied):
        return False
    return not allowed or bool(set(names) & set(allowed))


def _bare(value: str) -> str:
    return value.removeprefix("is:")


def _enforced(rules: Rules) -> bool:
    return any(rule.get("enforce") for rule in rules)


_INGRESS: Mapping[str, tuple[str, str]] = {
    "all": ("ALLOW_ALL", "all"),
    "internal-and-gclb": ("ALLOW_INTERNAL_AND_GCLB", "internal-and-cloud-load-balancing"),
}


def _ingress(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    if allows(rules, *_INGRESS[deployment.ingress]):
        return
    others = [one for one in _INGRESS if allows(rules, *_INGRESS[one])]
    problem = f'constraints/{constraint} forbids ingress = "{deployment.ingress}".'
    if "internal-and-gclb" in others:
        yield Obstacle(
            "change",
            problem,
            f'Set ingress = "internal-and-gclb" in {FILE} and follow docs/organization.md, '
            "Load balancer first.",
        )
    elif others:
        yield Obstacle("change", problem, f'Set ingress = "{others[0]}" in {FILE}.')
    else:
        yield _exception(problem, constraint)


def _exception(problem: str, constraint: str) -> Obstacle:
    return Obstacle(
        "ask",
        problem,
        f"Request an exception from constraints/{constraint} for this project "
        "(docs/organization.md, An exception from a policy).",
    )


def _members(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    # For the managed constraint, only `enforce` is in every policy.
    free = not _enforced(rules) if "managed" in constraint else allows(rules, "allUsers")
    if deployment.callers == "all_users" and not free:
        yield Obstacle(
            "change",
            f"constraints/{constraint} forbids the role run.invoker for allUsers.",
            f'Set callers = "not_checked" in {FILE} (docs/organization.md, Public invocation).',
        )


def _invoker(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    if deployment.callers == "not_checked" and _enforced(rules):
        yield Obstacle(
            "change",
            f'constraints/{constraint} forbids callers = "not_checked".',
            f'Set callers = "all_users" in {FILE} (docs/organization.md, Public invocation).',
        )


def _unreachable_callers(deployment: Deployment, get: Get) -> Iterator[Obstacle]:
    """Yield a finding if the two policies on callers together allow no setting."""
    try:
        invoker, members, managed = (
            _rules(get, deployment.project, one) for one in (_INVOKER, _MEMBERS, _MANAGED_MEMBERS)
        )
    except Unread:
        return
    if _enforced(invoker) and (not allows(members, "allUsers") or _enforced(managed)):
        problem = "Together, the policies on callers prevent browsers from calling a function."
        yield _exception(problem, _INVOKER)


def _locations(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    region = deployment.region
    continent = region.partition("-")[0]
    groups = {f"in:{region}-locations", f"in:{continent}-locations"}
    # Google's group eu has the EU member states, without the United Kingdom and Switzerland.
    if continent == "europe" and region not in {"europe-west2", "europe-west6"}:
        groups.add("in:eu-locations")
    if not allows(rules, region, *groups):
        yield Obstacle(
            "change",
            f'constraints/{constraint} forbids region = "{region}".',
            f"It allows: {', '.join(_allowed(rules)) or 'nothing'}. Set region in {FILE} before "
            "you create the database, and choose a region where this project can build "
            "(docs/deploy.md, section 1).",
        )


def _services(_: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    used = (*STORING, "cloudbuild", "logging")
    forbidden = [one for one in used if not allows(rules, f"{one}.googleapis.com")]
    if forbidden:
        problem = f"constraints/{constraint} forbids the services {', '.join(forbidden)}."
        yield _exception(problem, constraint)


def _keys(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    services = [f"{one}.googleapis.com" for one in STORING]
    restricted = [one for one in services if not allows(rules, one)]
    if restricted and not deployment.kms_key:
        yield Obstacle(
            "change",
            f"constraints/{constraint} requires your own keys (CMEK) for {', '.join(restricted)}.",
            f"Set kms_key in {FILE} before you create the database, and follow "
            "docs/organization.md, Customer-managed keys.",
        )


def _key_projects(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    project = "/".join(deployment.kms_key.split("/")[:2])
    if project and not allows(rules, project, *_above(rules)):
        yield Obstacle(
            "change",
            f"constraints/{constraint} forbids keys from {project}.",
            f"It allows: {', '.join(_allowed(rules)) or 'nothing'}. Set kms_key in {FILE} to a key "
            "that it allows.",
        )


def _allowed(rules: Rules) -> list[str]:
    return [one for rule in rules for one in rule.get("values", {}).get("allowedValues", [])]


def _above(rules: Rules) -> list[str]:
    """Return the allowed folders and organizations. Their contents can't be seen from here."""
    return [one for one in _allowed(rules) if one.startswith(("under:folders", "under:organ"))]


def _connector(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    # Google's documents don't state whether a subnet for Direct VPC egress satisfies it.
    if _enforced(rules) and not deployment.egress["connector"]:
        yield Obstacle(
            "change",
            f"constraints/{constraint} requires a connector.",
            f"Set connector under [egress] in {FILE} (docs/network.md).",
        )


def _egress(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    if not any(deployment.egress[one] for one in ("connector", "network")):
        return
    traffic = deployment.egress["traffic"]
    spelled = {"all": "ALL_TRAFFIC", "private-ranges-only": "PRIVATE_RANGES_ONLY"}
    names = {name: (name, f"{name}-traffic", value) for name, value in spelled.items()}
    if not allows(rules, *names[traffic]):
        problem = f'constraints/{constraint} forbids traffic = "{traffic}".'
        others = [one for one in names if allows(rules, *names[one])]
        yield (
            Obstacle("change", problem, f'Set traffic = "{others[0]}" under [egress] in {FILE}.')
            if others
            else _exception(problem, constraint)
        )


def _pools(deployment: Deployment, constraint: str, rules: Rules) -> Iterator[Obstacle]:
    pool = deployment.worker_pool
    project = f"under:{'/'.join(pool.split('/')[:2])}"
    if any(rule.get("denyAll") for rule in rules):
        yield _exception(f"constraints/{constraint} forbids all pools for builds.", constraint)
    elif _allowed(rules) and not (pool and allows(rules, pool, project, *_above(rules))):
        yield Obstacle(
            "change",
            f"constraints/{constraint} forbids builds outside {', '.join(_allowed(rules))}.",
            f"Set worker_pool in {FILE} to an allowed pool (docs/organization.md, A private pool).",
        )


_MEMBERS, _MANAGED_MEMBERS = "iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers"
_INVOKER = "run.managed.requireInvokerIam"
_CHECKS: Mapping[str, Callable[[Deployment, str, Rules], Iterator[Obstacle]]] = {
    "cloudfunctions.allowedIngressSettings": _ingress,
    "run.allowedIngress": _ingress,
    _MEMBERS: _members,
    _MANAGED_MEMBERS: _members,
    _INVOKER: _invoker,
    "gcp.resourceLocations": _locations,
    "gcp.restrictServiceUsage": _services,
    "gcp.restrictNonCmekServices": _keys,
    "gcp.restrictCmekCryptoKeyProjects": _key_projects,
    "cloudfunctions.requireVPCConnector": _connector,
    "cloudfunctions.allowedVpcConnectorEgressSettings": _egress,
    "run.allowedVPCEgress": _egress,
    "cloudbuild.allowedWorkerPools": _pools,
}
