"""Monitoring and log-based metrics: what an alert names must be there."""

import re
from collections.abc import Mapping

from tests.support.cloud.control_plane.project import LOGGING, exists
from tests.support.cloud.control_plane.refusals import Refusal, already_exists
from tests.support.cloud.control_plane.routes import Answer, Api, Request
from tests.support.cloud.control_plane.world import World

API = Api("monitoring.googleapis.com", "Cloud Monitoring")
# A new log-based metric cannot be named at once: "up to 10 minutes".
METRIC_SECONDS = 120.0
_USER = "logging.googleapis.com/user/"
# The labels of Google's own metrics that are used here
# (https://cloud.google.com/monitoring/api/metrics_gcp).
_LABELS: Mapping[str, frozenset[str]] = {
    "run.googleapis.com/request_count": frozenset(
        {"response_code", "response_code_class", "route"}
    ),
    "monitoring.googleapis.com/uptime_check/check_passed": frozenset(
        {"check_id", "checker_location"}
    ),
}
_TYPE = re.compile(r'metric\.type="([^"]+)"')
_LABEL = re.compile(r"metric\.label\.(\w+)")


@LOGGING("POST", "/v2/projects/{project}/metrics")
def create_metric(world: World, request: Request, project: str) -> Answer:
    """https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics/create"""
    exists(world, project)
    world.need(request.member, "logging.logMetrics.create", f"projects/{project}")
    metric = request.json
    path = f"projects/{project}/metrics/{metric['name']}"
    if path in world.resources:
        raise already_exists(f"Metric {metric['name']}")
    keys = {label["key"] for label in metric["metricDescriptor"].get("labels", [])}
    if keys != metric.get("labelExtractors", {}).keys():
        raise Refusal(400, "Every label in the metric descriptor needs a label extractor.")
    world.resources[path] = metric | {"usable": world.now + METRIC_SECONDS}
    return metric


@API("POST", "/v3/projects/{project}/{collection}")
def create(world: World, request: Request, project: str, collection: str) -> Answer:
    """https://cloud.google.com/monitoring/api/ref_v3/rest/v3: channels, policies, uptime checks."""
    exists(world, project)
    world.need(request.member, f"monitoring.{collection}.create", f"projects/{project}")
    body = request.json
    for channel in body.get("notificationChannels", []):
        if channel not in world.resources:
            raise Refusal(404, f"The notification channel {channel} does not exist.")
    for condition in body.get("conditions", []):
        if "conditionPrometheusQueryLanguage" in condition:
            _in_promql(world, project, condition["conditionPrometheusQueryLanguage"]["query"])
        else:
            _known(world, project, condition["conditionThreshold"])
    name = f"projects/{project}/{collection}/{world.number_of_its_own()}"
    world.resources[name] = body | {"name": name}
    return dict(world.resources[name])


def _in_promql(world: World, project: str, query: str) -> None:
    """Refuse a query that names a metric which is not there, or hours that were not filled in.

    Names: https://cloud.google.com/monitoring/promql/promql-mapping. That the metric must exist:
    https://cloud.google.com/monitoring/alerts/using-promql, Limitations.
    """
    if re.search(r"\b[A-Z_]{4,}\b", query):
        raise Refusal(400, f"Field conditions[0] had an invalid value: {query}")
    for name in re.findall(r"logging_googleapis_com:user_(\w+)", query):
        _known(world, project, {"filter": f'metric.type="{_USER}{name}"'})


def _known(world: World, project: str, threshold: Mapping[str, object]) -> None:
    """Refuse a condition on a metric or label that is not there.

    Words: github.com/hashicorp/terraform-provider-google issue 11102, of 2026.
    """
    text = str(threshold)
    (kind,) = set(_TYPE.findall(str(threshold["filter"])))
    labels = _LABELS.get(kind)
    if kind.startswith(_USER):
        metric = world.resources.get(f"projects/{project}/metrics/{kind.removeprefix(_USER)}")
        if metric is not None and metric["usable"] <= world.now:
            labels = frozenset(metric["labelExtractors"])
    if labels is None:
        raise Refusal(
            404,
            f'Cannot find metric(s) that match type = "{kind}". If a metric was created recently, '
            "it could take up to 10 minutes to become available. Please try again soon.",
        )
    for label in _LABEL.findall(text):
        if label not in labels:
            raise Refusal(400, f"Field metric.label.{label} is not a label of {kind}.")
