"""Cloud Scheduler: jobs that call a URL as a service account. None is ever started."""

from typing import Any

from tests.support.cloud.control_plane import iam
from tests.support.cloud.control_plane.project import exists
from tests.support.cloud.control_plane.refusals import Refusal, already_exists
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

API = Api("cloudscheduler.googleapis.com", "Cloud Scheduler")
_LONGEST_SECONDS = 1800


@API("POST", "/v1/projects/{project}/locations/{region}/jobs")
def create(world: World, request: Request, project: str, region: str) -> Answer:
    """https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs/create"""
    exists(world, project)
    world.need(request.member, "cloudscheduler.jobs.create", f"projects/{project}")
    job: dict[str, Any] = request.json
    name = job["name"]
    if not name.startswith(f"projects/{project}/locations/{region}/jobs/"):
        raise Refusal(400, "Job name must be formatted: projects/P/locations/L/jobs/J")
    if name in world.resources:
        raise already_exists(f"Job '{name}'")
    email = job["httpTarget"]["oidcToken"]["serviceAccountEmail"]
    if email not in world.accounts:
        raise Refusal(400, f"The principal (user or service account) {email} does not exist.")
    world.need(request.member, "iam.serviceAccounts.actAs", iam.resource(project, email))
    if not 15 <= int(job.get("attemptDeadline", "180s").rstrip("s")) <= _LONGEST_SECONDS:
        raise Refusal(400, "The request deadline must be between 15 seconds and 30 minutes.")
    world.resources[name] = job | {"state": "ENABLED"}
    return world.resources[name]
