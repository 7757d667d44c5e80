"""Lists the problems of a deployment.toml: its keys, names, sizes and the paths of its secrets.

It runs before anything is installed, so what it imports needs only the standard library.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from infra import project
from shared.config.table import Problem, TomlTable

CONFIGURATION = "/config/smart.toml"
SEALING_KEY = "/keys/sealing"
# The folders where the build's preflight check finds the files of these tables (volumes in
# cloudbuild.yaml).
FOUND_BELOW = {"public_keys": "/jwks/", "cds_keys": "/cds/", "authorities": "/authorities/"}

# How the names are written, as a pattern and in words.
_NAMES: Mapping[str, tuple[str, str]] = {
    "project": (
        r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
        (
            "a project ID: 6 to 30 lowercase letters, digits and hyphens, starting with a "
            "letter and not ending with a hyphen"
        ),
    ),
    "region": (r"[a-z]+-[a-z]+[0-9]+", "a region, such as europe-west1"),
    "ingress": ("all|internal-and-gclb", "all or internal-and-gclb"),
    "callers": ("all_users|not_checked", "all_users or not_checked"),
}
# Those that may be empty, and are if a file doesn't have them.
_OPTIONAL: Mapping[str, tuple[str, str]] = {
    "kms_key": (
        r"projects/[\w.:-]+/locations/(?P<region>[\w-]+)/keyRings/[\w-]+/cryptoKeys/[\w-]+",
        "projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY",
    ),
    "worker_pool": (
        r"projects/[\w.:-]+/locations/(?P<region>[\w-]+)/workerPools/[a-z][a-z0-9-]*",
        "projects/PROJECT/locations/REGION/workerPools/POOL",
    ),
}
# A name, or for a Shared VPC the full path with the host project.
_EGRESS: Mapping[str, tuple[str, str]] = {
    "connector": (
        r"(projects/[^/]+/locations/[^/]+/connectors/)?[a-z][a-z0-9-]{0,23}[a-z0-9]",
        (
            "a connector's name: at most 25 lowercase characters, or "
            "projects/HOST/locations/REGION/connectors/NAME"
        ),
    ),
    "network": (
        r"(projects/[^/]+/global/networks/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
        "the name of a network or projects/HOST/global/networks/NAME",
    ),
    "subnet": (
        r"(projects/[^/]+/regions/[^/]+/subnetworks/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
        "the name of a subnet or projects/HOST/regions/REGION/subnetworks/NAME",
    ),
}
_MOUNT = re.compile(r"(/[\w.-]+)+/[\w.-]+")
_SECRET = re.compile(r"[\w-]{1,255}:[1-9][0-9]*")
INVOKERS = "invokers"
# Never allUsers or allAuthenticatedUsers.
_INVOKER = re.compile(r"(?:serviceAccount|user|group):[^\s@,:\"\\]+@[a-z0-9][a-z0-9.-]*[a-z0-9]")
_SIZES = ("cpu", "memory_mib", "concurrency", "timeout_seconds", "min_instances", "max_instances")
_LEAST: Mapping[str, int] = dict.fromkeys(_SIZES, 1) | {"min_instances": 0, "memory_mib": 256}


def with_defaults(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's content with the defaults of what a file from an earlier release lacks."""
    filled = {**dict.fromkeys(_OPTIONAL, ""), "backend_keys": {}, **content}
    if isinstance(filled.get("egress"), dict):
        filled["egress"] = {"network": "", "subnet": "", **filled["egress"]}
    return filled


def problems_in(
    content: dict[str, Any], names: Collection[str], jobs: Collection[str] = ()
) -> list[Problem]:
    """Return every problem of a file's content; `names` are the project's functions, and `jobs`
    those of them that aren't public.
    """
    file = TomlTable(content, "", [], "the file that `smart-calc new` writes")
    # infra/project.py reads these two.
    file.take("calculators", bool, None)
    file.take("not_secrets", list, None)
    for name, (pattern, form) in _NAMES.items():
        file.text(name, "", pattern, form, required=True)
    for name, (pattern, form) in _OPTIONAL.items():
        match = re.fullmatch(pattern, file.text(name, "", f"|{pattern}", form))
        if match and match["region"] != content.get("region"):
            file.problem(name, "isn't in the region of `region`", "Use one in that region.")
    _whole_numbers(file.table("versions"), {"smart-toml": 1, "smart-sealing-key": 1})
    _check_egress(file.table("egress"))
    _check_mounts(file)
    quota = _whole_numbers(file.table("quota"), {"vcpu": 1, "memory_gib": 1})
    functions = file.table("functions")
    sizes = [_size(functions.table(name), is_job=name in jobs) for name in names]
    for name in project.CALCULATORS.difference(names):
        functions.take(name, dict, None)
    functions.finish()
    file.finish()
    if not file.problems:
        _check_quota(file, sizes, quota)
    return file.problems


def _whole_numbers(table: TomlTable, least: Mapping[str, int]) -> Mapping[str, int]:
    """Read the only settings of a table, which are numbers of at least the given ones."""
    numbers = _at_least(table, least)
    table.finish()
    return numbers


def _at_least(table: TomlTable, least: Mapping[str, int]) -> Mapping[str, int]:
    numbers = {name: table.take(name, int, low, required=True) for name, low in least.items()}
    for name, low in least.items():
        if numbers[name] < low:
            table.problem(name, f"must be {low} or more", "Raise the number.")
    return numbers


def _check_egress(table: TomlTable) -> None:
    named = {
        name: table.text(name, "", f"|{pattern}", form, required=True)
        for name, (pattern, form) in _EGRESS.items()
    }
    traffic = "all|private-ranges-only"
    table.text("traffic", "", traffic, "all or private-ranges-only", required=True)
    table.finish()
    if table.faulty:
        return
    if bool(named["network"]) != bool(named["subnet"]):
        table.problem("network", "must be set together with egress.subnet", "Set both or neither.")
    if named["connector"] and named["network"]:
        what = "is set, and egress.network as well"
        table.problem("connector", what, "Leave one of them empty.")


def _check_mounts(file: TomlTable) -> None:
    """Check the paths: Cloud Run mounts one secret per folder, and would hide one below another."""
    mounts = [CONFIGURATION, SEALING_KEY]
    for table in ("secrets", "backend_keys", *FOUND_BELOW):
        start, given = FOUND_BELOW.get(table, "/"), file.take(table, dict, {}, required=True)
        for path, secret in given.items():
            place = f"{table}.{path}"
            if not _MOUNT.fullmatch(path):
                what = "must be the path of a file in a folder"
                file.problem(place, what, "Choose one such as /clients/KEY/NAME.")
            elif not path.startswith(start):
                what = f"must be below {start}, where the build's preflight check reads it"
                file.problem(place, what, "Change the path.")
            if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
                what = "must be SECRET:VERSION, with a number as the version"
                file.problem(place, what, "Correct the value.")
        mounts += given
        if table == "public_keys" and len(given) > 1:
            file.problem(table, "may have at most one file", "Remove the others.")
    folders = [path.rpartition("/")[0] + "/" for path in mounts]
    for at, one in enumerate(folders):
        for other in folders[:at] + folders[at + 1 :]:
            if one.startswith(other):
                what = "each secret needs its own folder"
                file.problem(f"{one} and {other}", what, "Change one of the paths.")


def _size(table: TomlTable, *, is_job: bool) -> Mapping[str, int]:
    """Read the size of a function, and who may call a job: only these accounts and groups."""
    size = _at_least(table, _LEAST)
    if size["min_instances"] > size["max_instances"]:
        table.problem("min_instances", "is more than max_instances", "Lower it.")
    if is_job:
        invokers = table.take(INVOKERS, list, None, required=True)
        form = "serviceAccount:, user: or group: and an email address"
        for one in invokers or ():
            if not isinstance(one, str) or not _INVOKER.fullmatch(one):
                table.problem(INVOKERS, f"{one!r} isn't {form}", "Correct or remove it.")
        if invokers == []:
            what = "is empty, so no account can run the job"
            table.problem(INVOKERS, what, "Add Cloud Scheduler's account.")
    table.finish()
    return size


def _check_quota(
    file: TomlTable, sizes: Collection[Mapping[str, int]], quota: Mapping[str, int]
) -> None:
    """Check the quota of all functions' instances together (https://cloud.google.com/run/quotas)."""
    cpu = sum(size["cpu"] * size["max_instances"] for size in sizes)
    memory = sum(size["memory_mib"] * size["max_instances"] for size in sizes) / 1024
    for name, taken in (("vcpu", cpu), ("memory_gib", memory)):
        if taken > quota[name]:
            file.problem(
                f"quota.{name}",
                f"all functions at their max_instances would use {taken:g}, but the quota allows "
                f"{quota[name]}",
                "Lower max_instances, or request more quota (docs/production.md, Quotas) and raise "
                "the number.",
            )
