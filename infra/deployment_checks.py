"""Lists the problems of a deployment.toml: its keys, names, sizes and the paths of its secrets.

Standard library only, because it runs before anything is installed.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from infra import project

CONFIGURATION = "/config/smart.toml"
SEALING_KEY = "/keys/sealing"
# The folders where the build's preflight check finds the files of these tables (volumes in
# cloudbuild.yaml).
FOUND_BELOW = {"public_keys": "/jwks/", "cds_keys": "/cds/", "authorities": "/authorities/"}

_NAMES = {
    "project": (
        re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]"),
        (
            "a project ID: 6 to 30 lowercase letters, digits and hyphens, starting with a "
            "letter and not ending with a hyphen"
        ),
    ),
    "region": (re.compile(r"[a-z]+-[a-z]+[0-9]+"), "a region, such as europe-west1"),
}
_MOUNT = re.compile(r"(/[\w.-]+)+/[\w.-]+")
_SECRET = re.compile(r"[\w-]{1,255}:[1-9][0-9]*")
# A name, or for a Shared VPC the full path with the host project.
_CONNECTOR = re.compile(
    r"(projects/[^/]+/locations/[^/]+/connectors/)?[a-z][a-z0-9-]{0,23}[a-z0-9]"
)
_NETWORKS: Mapping[str, re.Pattern[str]] = {
    "network": re.compile(r"(projects/[^/]+/global/networks/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?"),
    "subnet": re.compile(
        r"(projects/[^/]+/regions/[^/]+/subnetworks/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
    ),
}
# Optional names, empty if a file doesn't have them, and how each is written.
_OPTIONAL: Mapping[str, tuple[re.Pattern[str], str]] = {
    "kms_key": (
        re.compile(
            r"projects/[\w.:-]+/locations/(?P<region>[\w-]+)/keyRings/[\w-]+/cryptoKeys/[\w-]+"
        ),
        "projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY",
    ),
    "worker_pool": (
        re.compile(r"projects/[\w.:-]+/locations/(?P<region>[\w-]+)/workerPools/[a-z][a-z0-9-]*"),
        "projects/PROJECT/locations/REGION/workerPools/POOL",
    ),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "ingress": ("all", "internal-and-gclb"),
    "callers": ("all_users", "not_checked"),
    "egress.traffic": ("all", "private-ranges-only"),
}
INVOKERS = "invokers"
# Never allUsers or allAuthenticatedUsers.
_INVOKER = re.compile(r"(?:serviceAccount|user|group):[^\s@,:\"\\]+@[a-z0-9][a-z0-9.-]*[a-z0-9]")
_SIZES = ("cpu", "memory_mib", "concurrency", "timeout_seconds", "min_instances", "max_instances")
_TOP = frozenset(
    {"project", "region", "ingress", "callers", "versions", "secrets", "backend_keys"}
    | {"public_keys", "cds_keys", "authorities", "egress", "quota", "functions", *_OPTIONAL}
)
_KEYS: Mapping[str, frozenset[str]] = {
    "": _TOP,
    "versions": frozenset({"smart-toml", "smart-sealing-key"}),
    "egress": frozenset({"connector", "network", "subnet", "traffic"}),
    "quota": frozenset({"vcpu", "memory_gib"}),
}


def with_defaults(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's content with the defaults of what a file from an earlier release lacks."""
    filled = {**dict.fromkeys(_OPTIONAL, ""), "backend_keys": {}, **content}
    if isinstance(filled.get("egress"), dict):
        filled["egress"] = {**dict.fromkeys(_NETWORKS, ""), **filled["egress"]}
    return filled


def problems_in(
    content: Mapping[str, Any], names: Collection[str], jobs: Collection[str] = ()
) -> list[str]:
    """Return every problem of a file's content; `names` are the project's functions, and `jobs`
    those of them that aren't public.
    """
    problems = _shape(content, names, jobs)
    if problems:
        return problems
    for name, (pattern, shape) in _NAMES.items():
        if not pattern.fullmatch(content[name]):
            problems.append(f"{name} = {content[name]!r} isn't {shape}.")
    for name, (written, shape) in _OPTIONAL.items():
        match = written.fullmatch(content[name])
        if content[name] and (match is None or match["region"] != content["region"]):
            problems.append(f"{name} = {content[name]!r} isn't {shape} in the region above.")
    problems += _egress_problems(content["egress"])
    for path, choices in _CHOICES.items():
        chosen = _at(content, path)
        if chosen not in choices:
            problems.append(f"{path} = {chosen!r} isn't one of {', '.join(choices)}.")
    problems += _mount_problems(content)
    sizes = {name: content["functions"][name] for name in names}
    problems += _size_problems(sizes)
    problems += [problem for name in jobs for problem in _invoker_problems(name, sizes[name])]
    return problems or _quota_problems(sizes, content["quota"])


def _shape(content: Mapping[str, Any], names: Collection[str], jobs: Collection[str]) -> list[str]:
    """Return the problems of unknown keys, missing keys and values with the wrong type."""
    problems = []
    tables = {**_KEYS, "functions": frozenset(names)}
    tables |= {f"functions.{name}": frozenset(_SIZES) for name in names}
    # Only a job has invokers. Everyone can call any other function.
    tables |= {f"functions.{name}": frozenset({*_SIZES, INVOKERS}) for name in jobs}
    optional = {"": {"calculators", "not_secrets"}, "functions": project.CALCULATORS}
    for path, keys in tables.items():
        table = _at(content, path)
        if not isinstance(table, dict):
            own = path.partition(".")[2]
            why = f": the function {own} needs it" if own else ""
            problems.append(f"[{path}] is missing{why}.")
            continue
        where = f"[{path}] " if path else ""
        why = ": there is no such folder below functions/" if path == "functions" else ""
        unknown = sorted(table.keys() - keys - optional.get(path, frozenset()))
        problems += [f"{where}{key} is unknown{why}." for key in unknown]
        # A missing table in `tables` is reported when its turn comes.
        absent = (key for key in keys - table.keys() if f"{path}.{key}".lstrip(".") not in tables)
        problems += [f"{where}{key} is missing." for key in sorted(absent)]
        whole = path in {"versions", "quota"} or path.startswith("functions.")
        for key in sorted(keys & table.keys()):
            nested = path == "functions" or (path == "" and key in _TABLES)
            wanted = list if key == INVOKERS else int if whole else dict if nested else str
            if type(table[key]) is not wanted:
                problems.append(f"{where}{key} must be {_WORDS[wanted]}.")
    return problems


_TABLES = frozenset(
    {"versions", "secrets", "backend_keys", *FOUND_BELOW, "egress", "quota", "functions"}
)
_WORDS: Mapping[type, str] = {
    int: "a whole number",
    str: "a string",
    dict: "a table",
    list: "a list",
}


def _invoker_problems(name: str, table: Mapping[str, Any]) -> list[str]:
    """Check who may call a job. Only these accounts and groups can."""
    invokers = table[INVOKERS]
    wrong = [one for one in invokers if not (isinstance(one, str) and _INVOKER.fullmatch(one))]
    where = f"[functions.{name}] {INVOKERS}"
    if not invokers:
        return [f"{where} is empty, so no account can run the job. Add Cloud Scheduler's."]
    form = "serviceAccount:, user: or group: and an email address"
    return [f"{where}: {one!r} isn't {form}." for one in wrong]


def _egress_problems(egress: Mapping[str, str]) -> list[str]:
    problems = []
    if egress["connector"] and not _CONNECTOR.fullmatch(egress["connector"]):
        problems.append(
            "egress.connector isn't a connector name: at most 25 lowercase characters, or "
            "projects/HOST/locations/REGION/connectors/NAME."
        )
    problems += [
        f"egress.{key} = {egress[key]!r} isn't the name of a {key} or {pattern}."
        for key, pattern in (
            ("network", "projects/HOST/global/networks/NAME"),
            ("subnet", "projects/HOST/regions/REGION/subnetworks/NAME"),
        )
        if egress[key] and not _NETWORKS[key].fullmatch(egress[key])
    ]
    if bool(egress["network"]) != bool(egress["subnet"]):
        problems.append("egress.network and egress.subnet must be set together.")
    if egress["connector"] and egress["network"]:
        problems.append("egress has a connector and a network. Leave one of them empty.")
    return problems


def _mount_problems(content: Mapping[str, Any]) -> list[str]:
    """Check the paths: Cloud Run mounts one secret per folder, and would hide one below another."""
    problems = []
    mounts = dict(content["secrets"])
    for table in ("backend_keys", *FOUND_BELOW):
        mounts |= content[table]
    for path, secret in mounts.items():
        if not _MOUNT.fullmatch(path):
            problems.append(
                f"{path!r} must be the path of a file in a folder, such as /clients/KEY/NAME."
            )
        if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
            problems.append(
                f"{path} = {secret!r} must be SECRET:VERSION, with a number as the version."
            )
    folders = [path.rpartition("/")[0] + "/" for path in (CONFIGURATION, SEALING_KEY, *mounts)]
    for at, one in enumerate(folders):
        problems += [
            f"{one} and {other}: each secret needs its own folder."
            for other in folders[:at] + folders[at + 1 :]
            if one.startswith(other)
        ]
    if len(content["public_keys"]) > 1:
        problems.append("[public_keys] may have at most one file.")
    problems += [
        f"[{table}] {path} must be below {start}, where the build's preflight check reads it."
        for table, start in FOUND_BELOW.items()
        for path in content[table]
        if not path.startswith(start)
    ]
    return problems


def _size_problems(functions: Mapping[str, Mapping[str, int]]) -> list[str]:
    least = dict.fromkeys(_SIZES, 1) | {"min_instances": 0, "memory_mib": 256}
    problems = [
        f"[functions.{name}] {key} must be {least[key]} or more."
        for name, size in functions.items()
        for key in _SIZES
        if size[key] < least[key]
    ]
    problems += [
        f"[functions.{name}] min_instances is more than max_instances."
        for name, size in functions.items()
        if size["min_instances"] > size["max_instances"]
    ]
    return problems


def _quota_problems(
    functions: Mapping[str, Mapping[str, int]], quota: Mapping[str, int]
) -> list[str]:
    """Check the quota of all functions' instances together (https://cloud.google.com/run/quotas)."""
    sizes = functions.values()
    cpu = sum(size["cpu"] * size["max_instances"] for size in sizes)
    memory = sum(size["memory_mib"] * size["max_instances"] for size in sizes) / 1024
    return [
        f"{name}: all functions at their max_instances would use {taken:g}, but [quota] allows "
        f"{allowed}. Lower max_instances, or request more quota (docs/production.md, Quotas) and "
        "raise [quota]."
        for name, taken, allowed in (
            ("vcpu", cpu, quota["vcpu"]),
            ("memory_gib", memory, quota["memory_gib"]),
        )
        if taken > allowed
    ]


def _at(content: Mapping[str, Any], path: str) -> Any:
    value: Any = content
    for part in path.split(".") if path else ():
        value = value.get(part) if isinstance(value, dict) else None
    return value
