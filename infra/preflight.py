"""Compares an organization's policies and a project's quotas with deployment.toml.

infra/preflight.sh runs it with an access token. It only reads. It sorts the findings into what you
can change, what you must ask for, and what you aren't allowed to see. Standard library only,
because it runs before anything is installed.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from infra import policies
from infra.deployment import FILE, Deployment, read
from infra.policies import Get, Obstacle, Response, Unread
from infra.project import ProjectRefused

# docs/deploy.md, The platform's own log, excludes these from the project's log.
REQUEST_URLS = (
    'log_id("requests") OR (log_id("run.googleapis.com/requests") AND NOT '
    "(textPayload:* AND httpRequest.status=(429 OR 503 OR 504)))"
)
# https://cloud.google.com/build/docs/locations#restricted_regions_for_some_projects
BUILD_REGIONS = (
    *("us-central1", "us-west2", "europe-west1"),
    *("asia-east1", "australia-southeast1", "southamerica-east1"),
)
_SECONDS = 20


def findings(deployment: Deployment, get: Get) -> Iterator[Obstacle]:
    """Yield everything that prevents this deployment."""
    yield from policies.findings(deployment, get)
    for what, part in _PARTS.items():
        try:
            yield from part(deployment, get)
        except Unread as error:
            remedy = "Ask your organization's administrator (docs/deploy.md, Preflight)."
            yield Obstacle("unread", f"{what} can't be read: {error}", remedy)


def _quotas(deployment: Deployment, get: Get) -> Iterator[Obstacle]:
    """Check the quotas of all instances together, and of builds in the region."""
    sizes = deployment.functions.values()
    needed = {
        "CpuAllocPerProjectRegion": sum(one["cpu"] * one["max_instances"] for one in sizes) * 1000,
        "MemAllocPerProjectRegion": sum(one["memory_mib"] * one["max_instances"] for one in sizes)
        * 2**20,
    }
    quotas = _of_region(get, deployment, "run.googleapis.com")
    for name, wanted in needed.items():
        if name in quotas and quotas[name] < wanted:
            yield Obstacle(
                "change",
                f"The quota {name} is {quotas[name]}, but all functions at their max_instances "
                f"would use {wanted}.",
                f"Lower [quota] and max_instances in {FILE}, or request more quota "
                "(docs/production.md, Quotas).",
            )
    builds = _of_region(get, deployment, "cloudbuild.googleapis.com")
    none = [name for name, value in builds.items() if "Concurrent" in name and value == 0]
    if none or (not builds and deployment.region not in BUILD_REGIONS):
        yield Obstacle(
            "change",
            f'A new project might not be able to build in region = "{deployment.region}".',
            f"Set region in {FILE} to one of {', '.join(BUILD_REGIONS)}, or ask Google for a quota "
            f'of "Concurrent Build CPUs (Regional Public Pool)" in {deployment.region}, before you '
            "create the database.",
        )


def _of_region(get: Get, deployment: Deployment, service: str) -> Mapping[str, int]:
    """Return a service's quotas with a limit for the region; -1 means no limit."""
    path = f"v1/projects/{deployment.project}/locations/global/services/{service}/quotaInfos"
    quotas: dict[str, int] = {}
    token = ""
    while True:
        listed = get("cloudquotas", f"{path}?pageSize=500{token and f'&pageToken={token}'}")
        for quota in listed.get("quotaInfos", []):
            for one in quota.get("dimensionsInfos", []):
                value = int(one.get("details", {}).get("value", -1))
                there = deployment.region in one.get("applicableLocations", [])
                if there and value >= 0:
                    quotas[quota["quotaId"]] = value
        token = listed.get("nextPageToken", "")
        if not token:
            return quotas


def _perimeters(deployment: Deployment, get: Get) -> Iterator[Obstacle]:
    """Check for service perimeters around the project, which block builds."""
    lineage = _lineage(deployment, get)
    if "organization" not in lineage:
        return
    number = get("cloudresourcemanager", f"v1/projects/{deployment.project}")["projectNumber"]
    parent = f"organizations/{lineage['organization'][0]}"
    policies = get("accesscontextmanager", f"v1/accessPolicies?parent={parent}")
    for policy in policies.get("accessPolicies", []):
        listed = get("accesscontextmanager", f"v1/{policy['name']}/servicePerimeters")
        for one in listed.get("servicePerimeters", []):
            status = one.get("status", {})
            around = f"projects/{number}" in status.get("resources", [])
            if around and not _admits(deployment, status.get("ingressPolicies", [])):
                services = ", ".join(status.get("restrictedServices", [])) or "no service"
                yield Obstacle(
                    "ask",
                    f"The service perimeter {one['name']} includes this project and restricts "
                    f"{services}.",
                    "Builds in Google's default pool and your terminal are outside the "
                    "perimeter. Send the perimeter's owner the rules "
                    "(docs/organization.md, A service perimeter).",
                )


def _admits(deployment: Deployment, rules: Sequence[Response]) -> bool:
    """Return whether a perimeter admits the account that deploys."""
    wanted = f"serviceAccount:smart-deploy@{deployment.project}.iam.gserviceaccount.com"
    return any(wanted in rule.get("ingressFrom", {}).get("identities", []) for rule in rules)


def _sinks(deployment: Deployment, get: Get) -> Iterator[Obstacle]:
    """Check for aggregated sinks that copy this project's log, including request URLs."""
    for kind, numbers in _lineage(deployment, get).items():
        for number in numbers:
            listed = get("logging", f"v2/{kind}s/{number}/sinks?pageSize=500")
            for sink in filter(_copies(deployment), listed.get("sinks", [])):
                named = f"{sink['name']} --{kind}={number}"
                part = f", if it matches {sink['filter']}" if sink.get("filter") else ""
                yield Obstacle(
                    "ask",
                    f"The sink {sink['name']} of {kind} {number} copies this project's log to "
                    f"{sink['destination']}, including codes and patient ids in request "
                    f"URLs{part}.",
                    f"Ask the sink's owner to run: gcloud logging sinks update {named} "
                    "--add-exclusion='name=smart-request-urls,filter="
                    f'resource.labels.project_id="{deployment.project}" AND ({REQUEST_URLS})\'',
                )


def _copies(deployment: Deployment) -> Callable[[Response], bool]:
    """Return a test of whether a sink copies this project's log, including request URLs."""

    def copies(sink: Response) -> bool:
        left_out = any(
            deployment.project in one["filter"] and "requests" in one["filter"]
            for one in sink.get("exclusions", [])
            if not one.get("disabled")
        )
        return bool(sink.get("includeChildren")) and not sink.get("disabled") and not left_out

    return copies


def _lineage(deployment: Deployment, get: Get) -> Mapping[str, Sequence[str]]:
    """Return the folders and the organization above the project, by kind."""
    path = f"v1/projects/{deployment.project}:getAncestry"
    ids: dict[str, list[str]] = {}
    for one in get("cloudresourcemanager", path).get("ancestor", []):
        kind = one["resourceId"]["type"]
        if kind in {"folder", "organization"}:
            ids.setdefault(kind, []).append(one["resourceId"]["id"])
    return ids


_PARTS: Mapping[str, Callable[[Deployment, Get], Iterator[Obstacle]]] = {
    "The quotas": _quotas,
    "Service perimeters": _perimeters,
    "Aggregated sinks": _sinks,
}


def reader(token: str, project: str) -> Get:
    """Return a function that reads a path of a Google API, as the token's owner."""

    def get(api: str, path: str) -> Response:
        # gcloud uses the same override, for example for Private Service Connect or a test.
        overridden = os.environ.get(f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api.upper()}")
        url = (overridden or f"https://{api}.googleapis.com/") + path
        headers = {"Authorization": f"Bearer {token}", "x-goog-user-project": project}
        # Only getAncestry isn't a GET request.
        data = b"{}" if path.endswith(":getAncestry") else None
        headers |= {"Content-Type": "application/json"} if data else {}
        # The host is Google's, over https, or the one in gcloud's own setting.
        request = urllib.request.Request(url, data, headers)  # noqa: S310 - see above
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as opened:  # noqa: S310 - see above
                document: Response = json.load(opened)
        except urllib.error.HTTPError as error:
            raise Unread(f"{error.code} {_message(error.read())}") from None
        except (OSError, ValueError) as error:
            raise Unread(str(error)) from None
        return document

    return get


def _message(body: bytes) -> str:
    """Return Google's error message, or an empty string."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def main() -> int:
    """Print each finding; return 1 if something must be changed or requested."""
    try:
        deployment = read(Path.cwd() / FILE)
    except ProjectRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    get = reader(os.environ["GOOGLE_ACCESS_TOKEN"], deployment.project)
    problems = list(findings(deployment, get))
    for one in problems:
        sys.stdout.write(f"{one.level.upper():<7} {one.problem}\n        {one.remedy}\n")
    stopping = [one for one in problems if one.level != "unread"]
    sys.stdout.write(
        f"{len(stopping)} to solve first, {len(problems) - len(stopping)} couldn't be read.\n"
    )
    return 1 if stopping else 0


if __name__ == "__main__":
    sys.exit(main())
