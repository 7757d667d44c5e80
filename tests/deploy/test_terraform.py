"""infra/terraform and the guide's commands make the same, resource by resource.

One side is read from the module itself, the other from the fake cloud after the real gcloud has run
the guide's blocks there. Neither Terraform nor a provider is needed.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.stage import FUNCTIONS
from shared import pages
from tests.deploy.guide_walk import KMS_KEY
from tests.support.app.servers import ROOT
from tests.support.cloud.control_plane import storage
from tests.support.cloud.control_plane.project import DEFAULT_SERVICES
from tests.support.cloud.control_plane.world import World
from tests.support.cloud.terraform import Module

FOLDER = ROOT / "infra" / "terraform"
# Only the command line needs this, not the functions: `gcloud projects create` enables it.
OF_GCLOUD = {"cloudapis.googleapis.com"}
Facts = set[tuple[Any, ...]]
VARIABLES: Mapping[str, Any] = {
    "project": "my-project",
    "region": "europe-west1",
    "domain": "smart.example.org",
    "fixed_egress": True,
    "page": True,
    "frame_ancestors": (),
    "functions": (),
    "jobs": (),
    "schedules": {},
    "backend_secrets": (),
    "kms_key": "",
    "alert_email": "ops@example.org",
    # As the guide's own example names them.
    "open_hours": "hour() > 7 < 17 and day_of_week() > 0 < 6",
}


@pytest.fixture(scope="module")
def world(balanced: World) -> World:
    return balanced


@pytest.fixture(scope="module")
def module() -> Module:
    return Module(FOLDER, **VARIABLES)


def last(address: str) -> str:
    """The name at the end of an address."""
    return address.rpartition("/")[2]


def of_world(world: World, collection: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The resources of a collection, by name."""
    return [
        (last(path), body)
        for path, body in world.resources.items()
        if path.split("/")[-2] == collection
    ]


def bindings(policy: list[dict[str, Any]], on: str) -> Facts:
    """Return the bindings without Google's own accounts, which users can't grant roles to."""
    return {
        (on, binding["role"], member, binding.get("condition", {}).get("expression"))
        for binding in policy
        for member in binding["members"]
        if member.startswith("serviceAccount:") or member == "allUsers"
    }


def iam(module: Module, kind: str, on: Callable[[Mapping[str, Any]], str]) -> Facts:
    return {
        (on(one.body), one.body["role"], one.body["member"], expression)
        for one in module.resources(kind)
        for expression in [block["expression"] for block in one.body.get("condition", [])] or [None]
    }


def test_services(world: World, module: Module) -> None:
    made = {one.body["service"] for one in module.resources("google_project_service")}
    default = DEFAULT_SERVICES - made
    assert made == world.services - OF_GCLOUD - default


def test_accounts_and_their_roles(world: World, module: Module) -> None:
    accounts = module.resources("google_service_account")
    assert {one.body["account_id"] for one in accounts} == {
        email.partition("@")[0] for email in world.accounts
    }
    roles = [one.body for one in module.resources("google_project_iam_custom_role")]
    assert world.roles == {
        f"projects/{role['project']}/roles/{role['role_id']}": frozenset(role["permissions"])
        for role in roles
    }
    project = iam(module, "google_project_iam_member", lambda _: "project")
    assert project == bindings(world.policy, "project")
    acting = iam(
        module, "google_service_account_iam_member", lambda body: body["service_account_id"]
    )
    assert acting == {
        one
        for name, policy in world.policies.items()
        if "/serviceAccounts/" in name
        for one in bindings(policy, last(name))
    }


def test_the_buckets_and_who_reads_them(world: World, module: Module) -> None:
    made = [one.body for one in module.resources("google_storage_bucket")]
    assert {
        one["name"]: (
            one["location"],
            one["uniform_bucket_level_access"],
            one.get("public_access_prevention"),
            [block["main_page_suffix"] for block in one.get("website", [])],
            [rule["condition"][0]["age"] for rule in one.get("lifecycle_rule", [])],
        )
        for one in made
    } == {
        name: (
            bucket["location"].lower(),
            bucket["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"],
            bucket["iamConfiguration"].get("publicAccessPrevention"),
            [bucket["website"]["mainPageSuffix"]] if "website" in bucket else [],
            [rule["condition"]["age"] for rule in bucket.get("lifecycle", {}).get("rule", [])],
        )
        for name, bucket in world.buckets.items()
    }
    readers = iam(
        module,
        "google_storage_bucket_iam_member",
        lambda body: "my-project-page" if body["member"] == "allUsers" else "my-project-source",
    )
    assert readers == {
        one
        for name in world.buckets
        for one in bindings(world.policies[storage.bucket_name(name)], name)
    }


def test_the_page_is_sent_as_on_ones_own_machine(world: World, module: Module) -> None:
    (made,) = module.resources("google_compute_backend_bucket")
    ((name, body),) = of_world(world, "backendBuckets")
    headers = set(made.body["custom_response_headers"])
    assert made.body["name"] == name
    assert body["bucketName"] == "my-project-page"
    assert headers == set(body["customResponseHeaders"])
    assert f"Content-Security-Policy: {pages.own_page_policy(())}" in headers
    assert not body.get("enableCdn")
    framed = Module(FOLDER, **{**VARIABLES, "frame_ancestors": ("https://a.example", "'self'")})
    (made,) = framed.resources("google_compute_backend_bucket")
    policy = pages.own_page_policy(("https://a.example", "'self'"))
    assert f"Content-Security-Policy: {policy}" in made.body["custom_response_headers"]


def test_a_release_of_the_page_sends_its_files_and_nothing_hidden(world: World) -> None:
    sent = {name for name in world.objects if name.startswith("my-project-page/")}
    folder = ROOT / "examples/own-page"
    assert sent == {f"my-project-page/app/{path.name}" for path in folder.iterdir()}


def test_secrets_and_who_reads_them(world: World, module: Module) -> None:
    made = module.resources("google_secret_manager_secret")
    assert {one.body["secret_id"] for one in made} == set(world.secrets)
    readers = iam(
        module, "google_secret_manager_secret_iam_member", lambda body: body["secret_id"].key
    )
    assert readers == {
        one
        for name, policy in world.policies.items()
        if "/secrets/" in name
        for one in bindings(policy, last(name))
    }


def test_the_database_its_ttl_policies_and_exemptions(world: World, module: Module) -> None:
    (made,) = module.resources("google_firestore_database")
    database = world.databases[made.body["name"]]
    assert made.body["location_id"] == database["locationId"]
    assert made.body["type"] == database["type"]
    assert made.body["delete_protection_state"] == database["deleteProtectionState"]
    fields = {
        (f"{one.body['collection']}/{one.body['field']}", bool(one.body["ttl_config"]))
        for one in module.resources("google_firestore_field")
        if one.body["index_config"] == [{}]
    }
    assert fields == {
        (name, field.get("ttl", False))
        for name, field in world.fields.items()
        if field["indexes"] == 0
    }


def test_a_key_is_named_wherever_the_guide_names_it(keyed: World) -> None:
    module = Module(FOLDER, **{**VARIABLES, "kms_key": KMS_KEY})
    (database,) = module.resources("google_firestore_database")
    (repository,) = module.resources("google_artifact_registry_repository")
    secrets = {
        one.body["secret_id"]: replica["customer_managed_encryption"][0]["kms_key_name"]
        for one in module.resources("google_secret_manager_secret")
        for replication in one.body["replication"]
        for replica in replication["user_managed"][0]["replicas"]
    }
    buckets = {
        one.body["name"]: one.body["encryption"][0]["default_kms_key_name"]
        for one in module.resources("google_storage_bucket")
    }
    assert database.body["cmek_config"] == [{"kms_key_name": KMS_KEY}]
    assert keyed.databases["smart"]["cmekConfig"] == {"kmsKeyName": KMS_KEY}
    place = "projects/my-project/locations/europe-west1/repositories"
    there = keyed.resources[f"{place}/{repository.body['repository_id']}"]
    assert (repository.body["kms_key_name"], repository.body["format"]) == (KMS_KEY, "DOCKER")
    assert (there["kmsKeyName"], there["format"]) == (KMS_KEY, "DOCKER")
    assert secrets == {
        name: replica["customerManagedEncryption"]["kmsKeyName"]
        for name, replication in keyed.replication.items()
        for replica in replication["userManaged"]["replicas"]
    }
    # That of a page is made later in the guide, by a block that the walk runs without a key.
    assert buckets.pop("my-project-page") == KMS_KEY
    assert buckets == {
        name: bucket["encryption"]["defaultKmsKeyName"] for name, bucket in keyed.buckets.items()
    }


def test_what_the_platforms_log_leaves_out(world: World, module: Module) -> None:
    (made,) = module.resources("google_logging_project_exclusion")
    (exclusion,) = world.sinks["_Default"]["exclusions"]
    assert made.body == {
        "project": "my-project",
        "name": exclusion["name"],
        "filter": exclusion["filter"],
    }


# The type in the module, the collection in the cloud, and the fields to compare with the name.
PARTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "google_compute_global_address": ("addresses", {}),
    "google_compute_ssl_policy": (
        "sslPolicies",
        {"profile": "profile", "min_tls_version": "minTlsVersion"},
    ),
    "google_compute_region_network_endpoint_group": (
        "networkEndpointGroups",
        {"network_endpoint_type": "networkEndpointType"},
    ),
    "google_compute_backend_service": (
        "backendServices",
        {"load_balancing_scheme": "loadBalancingScheme"},
    ),
    "google_compute_security_policy": ("securityPolicies", {"type": "type"}),
    "google_compute_url_map": ("urlMaps", {}),
    "google_compute_target_https_proxy": ("targetHttpsProxies", {}),
    "google_compute_global_forwarding_rule": (
        "forwardingRules",
        {"load_balancing_scheme": "loadBalancingScheme"},
    ),
    "google_compute_network": ("networks", {"auto_create_subnetworks": "autoCreateSubnetworks"}),
    "google_compute_subnetwork": ("subnetworks", {"ip_cidr_range": "ipCidrRange"}),
    "google_compute_router": ("routers", {}),
    "google_vpc_access_connector": (
        "connectors",
        {
            "min_instances": "minInstances",
            "max_instances": "maxInstances",
            "machine_type": "machineType",
        },
    ),
    "google_certificate_manager_dns_authorization": ("dnsAuthorizations", {"domain": "domain"}),
    "google_certificate_manager_certificate": ("certificates", {}),
    "google_certificate_manager_certificate_map": ("certificateMaps", {}),
    "google_certificate_manager_certificate_map_entry": (
        "certificateMapEntries",
        {"hostname": "hostname"},
    ),
}


@pytest.mark.parametrize("kind", list(PARTS))
def test_the_network(world: World, module: Module, kind: str) -> None:
    collection, compared = PARTS[kind]
    made: Facts = {
        (one.body["name"], *(one.body[name] for name in compared)) for one in module.resources(kind)
    }
    if collection == "addresses":
        made |= {(one.body["name"],) for one in module.resources("google_compute_address")}
    assert made == {
        (name, *(body[at] for at in compared.values()))
        for name, body in of_world(world, collection)
    }


def test_the_metrics(world: World, module: Module) -> None:
    made = {
        one.body["name"]: (
            one.body["filter"],
            vars(one.body["label_extractors"]),
            [(label["key"], label["value_type"]) for label in descriptor["labels"]],
            (descriptor["metric_kind"], descriptor["value_type"]),
        )
        for one in module.resources("google_logging_metric")
        for descriptor in one.body["metric_descriptor"]
    }
    assert made == {
        name: (
            body["filter"],
            body.get("labelExtractors", {}),
            [(label["key"], "STRING") for label in body["metricDescriptor"].get("labels", [])],
            (body["metricDescriptor"]["metricKind"], body["metricDescriptor"]["valueType"]),
        )
        for name, body in of_world(world, "metrics")
    }


def test_the_alerts(world: World, module: Module) -> None:
    made = {
        one.body["display_name"]: (
            one.body["documentation"][0]["content"],
            [
                (condition["display_name"], *_condition(condition))
                for condition in one.body["conditions"]
            ],
        )
        for one in module.resources("google_monitoring_alert_policy")
    }
    theirs = of_world(world, "alertPolicies")
    assert made == {
        body["displayName"]: (
            body["documentation"]["content"],
            [
                (condition["displayName"], *_condition(_snake(condition)))
                for condition in body["conditions"]
            ],
        )
        for _, body in theirs
    }
    ((channel, sent),) = of_world(world, "notificationChannels")
    assert {last(one) for _, body in theirs for one in body["notificationChannels"]} == {channel}
    (one,) = module.resources("google_monitoring_notification_channel")
    assert one.body["labels"] == sent["labels"]


def _condition(given: Mapping[str, Any]) -> tuple[Any, ...]:
    """A condition of either kind. A block of the module is a list."""
    kinds = ("condition_threshold", "condition_prometheus_query_language")
    ((kind, body),) = [(kind, given[kind]) for kind in kinds if kind in given]
    body = body[0] if isinstance(body, list) else body
    if kind == "condition_prometheus_query_language":
        return tuple(body[name] for name in ("query", "duration", "evaluation_interval"))
    names = ("filter", "comparison", "threshold_value", "duration")
    (aggregation,) = body["aggregations"]
    within = ("alignment_period", "per_series_aligner", "cross_series_reducer")
    return (
        *(body[name] for name in names),
        *(aggregation[name] for name in within),
        list(aggregation.get("group_by_fields", [])),
    )


def _snake(value: Any) -> Any:
    match value:
        case dict():
            return {
                re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", name): _snake(one)
                for name, one in value.items()
            }
        case list():
            return [_snake(one) for one in value]
    return value


def test_the_uptime_checks_ask_every_functions_health_address(world: World, module: Module) -> None:
    made = {
        (
            one.body["display_name"],
            one.body["http_check"][0]["path"],
            one.body["http_check"][0]["use_ssl"],
            one.body["period"],
            one.body["monitored_resource"][0]["type"],
        )
        for one in module.resources("google_monitoring_uptime_check_config")
    }
    assert made == {
        (
            body["displayName"],
            body["httpCheck"]["path"],
            body["httpCheck"]["useSsl"],
            body["period"],
            body["monitoredResource"]["type"],
        )
        for _, body in of_world(world, "uptimeCheckConfigs")
    }
    assert {path for _, path, *_ in made} == {f"/{name}/health" for name in FUNCTIONS}


def test_every_type_of_the_module_is_compared(module: Module) -> None:
    elsewhere = {
        "google_artifact_registry_repository",
        "google_cloud_scheduler_job",
        "google_compute_address",
        "google_compute_router_nat",
        "google_firestore_database",
        "google_firestore_field",
        "google_logging_metric",
        "google_logging_project_exclusion",
        "google_monitoring_alert_policy",
        "google_monitoring_notification_channel",
        "google_monitoring_uptime_check_config",
        "google_project_iam_custom_role",
        "google_project_iam_member",
        "google_project_service",
        "google_secret_manager_secret",
        "google_secret_manager_secret_iam_member",
        "google_service_account",
        "google_service_account_iam_member",
        "google_storage_bucket",
        "google_compute_backend_bucket",
        "google_storage_bucket_iam_member",
    }
    assert module.types == PARTS.keys() | elsewhere


def test_the_paths_of_the_load_balancer(world: World, module: Module) -> None:
    (made,) = module.resources("google_compute_url_map")
    ((_, body),) = of_world(world, "urlMaps")
    (ours,), (theirs,) = made.body["path_matcher"], body["pathMatchers"]
    assert {
        (path, rule["service"].key) for rule in ours["path_rule"] for path in rule["paths"]
    } == {(path, last(rule["service"])) for rule in theirs["pathRules"] for path in rule["paths"]}
    assert ours["default_service"].key == last(theirs["defaultService"]) == "launch"
    assert made.body["host_rule"][0]["hosts"] == body["hostRules"][0]["hosts"]


def test_cloud_armors_rules(world: World, module: Module) -> None:
    (made,) = module.resources("google_compute_security_policy")
    ((_, body),) = of_world(world, "securityPolicies")
    ours = {
        (rule["priority"], rule["action"], rule["preview"])
        for rule in made.body["rule"]
        # What every policy has of its own accord.
        if rule["priority"] < 2**31 - 1
    }
    assert ours == {(one["priority"], one["action"], one["preview"]) for one in body["rules"]}
    (limit,) = (
        one["rate_limit_options"][0] for one in made.body["rule"] if "rate_limit_options" in one
    )
    (theirs,) = (one["rateLimitOptions"] for one in body["rules"] if "rateLimitOptions" in one)
    threshold = limit["rate_limit_threshold"][0]
    assert (threshold["count"], threshold["interval_sec"], limit["ban_duration_sec"]) == (
        theirs["rateLimitThreshold"]["count"],
        theirs["rateLimitThreshold"]["intervalSec"],
        theirs["banDurationSec"],
    )
    protected = {
        name for name, one in of_world(world, "backendServices") if "securityPolicy" in one
    }
    assert protected == {
        one.body["name"]
        for one in module.resources("google_compute_backend_service")
        if "security_policy" in one.body
    }


def test_the_way_out(world: World, module: Module) -> None:
    (made,) = module.resources("google_compute_router_nat")
    ((_, router),) = of_world(world, "routers")
    (nat,) = router["nats"]
    assert made.body["name"] == nat["name"]
    assert made.body["nat_ip_allocate_option"] == nat["natIpAllocateOption"] == "MANUAL_ONLY"
    assert made.body["source_subnetwork_ip_ranges_to_nat"] == nat["sourceSubnetworkIpRangesToNat"]
    assert [last(one) for one in nat["natIps"]] == ["smart-egress"]
    assert [last(one["name"]) for one in nat["subnetworks"]] == ["smart-connector"]


if TERRAFORM := shutil.which("terraform"):

    def test_the_module_is_formatted(tmp_path: Path) -> None:
        ended = subprocess.run(
            [str(TERRAFORM), "fmt", "-check", "-recursive", str(FOLDER)],
            cwd=tmp_path,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stdout) == (0, "")
