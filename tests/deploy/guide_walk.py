"""What the tests of the guide have in common: its blocks, the shell, and one walk to a launch."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.app.app import App, ehr_tables, simulated_ehr
from tests.support.app.servers import ROOT, Server
from tests.support.cloud import guide
from tests.support.cloud.cloud import Cloud
from tests.support.cloud.control_plane.server import Call
from tests.support.cloud.control_plane.world import World
from tests.support.ehr.scripted_ehr import ScriptedEhr

# The headings up to the first launch, in the order of the page.
DEPLOY = "8. Deploy"
PREFLIGHT = "3. Preflight"
DATABASE = "4. Database"
FIRST = (
    "1. Settings",
    "2. Project",
    DATABASE,
    "5. Service accounts",
    "6. Configuration and secrets",
    "7. The platform's own log",
    DEPLOY,
)
# What is around the functions, in the order of the pages. None of it needs a function.
AROUND = (
    "The load balancer",
    "Cloud Armor",
    "A page of your own",
    "Outbound traffic",
    "Alerts",
)
# What policies of an organization demand, in the order of the page.
FOR_POLICIES = ("Customer-managed keys", "A private pool")
TEXT = (ROOT / guide.PATH).read_text("utf-8")
ALL = guide.everywhere(ROOT)


def to_a_launch(text: str = TEXT) -> list[guide.Block]:
    """The blocks of a first deployment."""
    blocks = [one for one in guide.blocks(text) if one.language == "sh" and one.heading in FIRST]
    assert {one.heading for one in blocks} == set(FIRST)
    return blocks


def under(heading: str) -> list[guide.Block]:
    """The shell blocks under a heading, in order."""
    return [one for one in ALL if one.language == "sh" and one.heading == heading]


# What a person types first in every terminal.
SHELL = next(one.text for one in to_a_launch() if "guide.sh" in one.text)


@dataclass(frozen=True)
class Walk:
    """The guide, walked once up to a launch. `ran` has the result of each block, and `worlds` the
    state before each block and at the end. `calls` and `unknown` come from the control plane.

    Every test starts from one of these worlds and may change it.
    """

    cloud: Cloud
    app: App
    ran: list[guide.Ran]
    worlds: list[World]
    calls: list[Call]
    unknown: list[str]

    def begin(self, number: int = -1) -> Cloud:
        """The cloud as it was before a block, or at the end, and the operator's files."""
        assert [(ran.where, ran.said) for ran in self.ran if ran.code] == []
        self.cloud.restore(self.worlds[number])
        for name in ("deployment.toml", "functions/launch/parameters.py"):
            (self.cloud.repository / name).write_bytes((ROOT / name).read_bytes())
        return self.cloud

    def begin_to_deploy(self) -> Cloud:
        """The cloud before the section that deploys."""
        return self.begin([one.heading for one in to_a_launch()].index(DEPLOY))


@contextmanager
def walk(folder: Path, scripted: ScriptedEhr) -> Iterator[Walk]:
    """Walk the guide from an empty project, up to the first block that fails."""
    with _cloud_and_ehr(folder, scripted) as (cloud, ehr):
        ran: list[guide.Ran] = []
        worlds, shell = [cloud.plane.world.copy()], ""
        for block in to_a_launch():
            ran += cloud.run([block], shell)
            shell += block.text if block.sets else ""
            worlds.append(cloud.plane.world.copy())
            if ran[-1].code:
                break
        origin = cloud.router.origin
        app = App(origin, Server(origin, Path(), ehr.process), ehr.origin, scripted)
        yield Walk(cloud, app, ran, worlds, list(cloud.plane.calls), list(cloud.plane.unknown))


@contextmanager
def _cloud_and_ehr(folder: Path, scripted: ScriptedEhr) -> Iterator[tuple[Cloud, Server]]:
    """An empty cloud, a simulated EHR, and the operator's smart.toml for both."""
    cloud = Cloud(folder)
    try:
        with simulated_ehr(folder, cloud.router.port) as ehr:
            tables = ehr_tables(ehr.origin, scripted).split("[[ehr]]")[1]
            (toml,) = (
                one.text
                for one in guide.blocks(TEXT)
                if one.language == "toml" and 'kind = "firestore"' in one.text
            )
            shown = "https://europe-west1-my-project.cloudfunctions.net"
            assert shown in toml
            configuration = f"{toml.replace(shown, cloud.router.origin)}\n[[ehr]]{tables}"
            (cloud.repository / "smart.toml").write_text(configuration)
            yield cloud, ehr
    finally:
        cloud.close()


def deploy(cloud: Cloud) -> guide.Ran:
    """The block that deploys, without the build before it, which tests; what came of it."""
    return cloud.run(under(DEPLOY)[-1:], SHELL)[-1]


KMS_KEY = "projects/my-project/locations/europe-west1/keyRings/smart/cryptoKeys/smart"
WORKER_POOL = "projects/my-project/locations/europe-west1/workerPools/smart"
# What encrypts with a key: the guide's commands that make something, out of blocks with many more.
_MAKES = re.compile(
    r"^gcloud (?:firestore databases|storage buckets) create.*?[^\\]$"
    r"|^for secret in smart-toml.*?^done$",
    re.MULTILINE | re.DOTALL,
)
_CONNECTS = re.compile(
    r"^gcloud services vpc-peerings connect.*?[^\\]$\n", re.MULTILINE | re.DOTALL
)


def with_own_keys(walked: Walk) -> World:
    """Return the world before the deployment section, with a key and a pool if policies require it.

    Accounts, fields, roles and contents of secrets are the same as in the walk, which has no key.
    """
    headings = [one.heading for one in to_a_launch()]
    cloud = walked.begin(headings.index(DATABASE))
    for name in ("firestore", "secretmanager", "storage", "artifactregistry"):
        rule = {"values": {"deniedValues": [f"is:{name}.googleapis.com"]}}
        cloud.plane.world.constraints.setdefault("gcp.restrictNonCmekServices", []).append(rule)
    # gcloud has no setting that leads this one command elsewhere, so only its form is tested.
    (pool,) = under(FOR_POLICIES[1])
    pool = replace(pool, text=_CONNECTS.sub("", pool.text))
    cloud.plane.world.peered.add("smart-build")
    made = guide.Block("made with a key", 1, "sh", "( stop_at_error || exit\n")
    text = "".join(one.text for one in to_a_launch() if one.heading in FIRST[2:5])
    block = replace(made, text="\n".join([made.text, *_MAKES.findall(text), ")\n"]))
    with edited(cloud, 'kms_key = ""', f'kms_key = "{KMS_KEY}"'):
        done = cloud.run([*under(FOR_POLICIES[0]), pool, block], SHELL)
    assert [(ran.where, ran.said) for ran in done if ran.code] == []
    assert cloud.plane.unknown == []
    keyed, plain = cloud.plane.world.copy(), walked.worlds[headings.index(DEPLOY)].copy()
    assert keyed.databases.keys() == plain.databases.keys()
    assert keyed.replication.keys() == plain.replication.keys()
    assert keyed.buckets.keys() == plain.buckets.keys()
    return replace(
        plain,
        constraints=keyed.constraints,
        services=plain.services | keyed.services,
        accounts=plain.accounts | keyed.accounts,
        policies=plain.policies | keyed.policies,
        databases=keyed.databases,
        replication=keyed.replication,
        buckets=keyed.buckets,
        resources=keyed.resources,
        peered=keyed.peered,
        now=max(plain.now, keyed.now),
    )


@contextmanager
def edited(cloud: Cloud, before: str, after: str) -> Iterator[None]:
    """deployment.toml otherwise, for a while."""
    state = cloud.repository / "deployment.toml"
    sound = state.read_text()
    assert before in sound
    state.write_text(sound.replace(before, after))
    try:
        yield
    finally:
        state.write_text(sound)
