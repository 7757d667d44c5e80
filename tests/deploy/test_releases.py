"""Releases and rollbacks on the fake control plane, with the real gcloud and functions.

The tests make a release, a rollback, a release that fails its checks, and one after that. Then they
end all sessions, which is refused while an older release serves. After each step, they use the
sessions that were opened before it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from infra.deployment import FILE, service, with_sessions
from infra.stage import FUNCTIONS
from tests.deploy.guide_walk import SHELL, Walk, deploy, edited, under
from tests.support.app.app import App, Launched
from tests.support.app.whole import IS_WHOLE
from tests.support.cloud import guide
from tests.support.cloud.cloud import Cloud
from tests.support.cloud.control_plane import run
from tests.support.cloud.control_plane.server import run_in

# A launch ends at the calculators' page here: smart.toml names no other.
pytestmark = pytest.mark.calculators

ALMA = "synthetic-alma"
SERVICES = [service(name) for name in FUNCTIONS]
INCIDENT = "all sessions end"
REFUSED = "all sessions would end"
INCIDENT_COMMAND = guide.Block(INCIDENT, 1, "sh", "smart-calc release end-sessions\n")
ROLLBACK = next(one for one in under("Rolling back") if "release rollback" in one.text)


@dataclass
class Story:
    """What happened so far: the revisions that served after each chapter, what was said in it, and
    the sessions that no longer answered.
    """

    cloud: Cloud
    app: App
    serving: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    lost: dict[str, list[int]] = field(default_factory=dict)
    sessions: list[Launched] = field(default_factory=list)
    after: dict[str, list[str]] = field(default_factory=dict)
    targets: dict[str, object] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)

    def chapter(self, name: str, ran: guide.Ran | None = None) -> None:
        """Look at what serves, ask every session, open one more."""
        world = self.cloud.plane.world
        self.serving[name] = [run.serving(world, one) for one in SERVICES]
        if ran is not None:
            self.codes[name], self.said[name] = ran.code, ran.said + self.cloud.log()
        answers = [
            one.browser.fetch(f"{one.fhir_base}/Patient/{ALMA}").status for one in self.sessions
        ]
        if IS_WHOLE:
            answers += [one.browser.open(one.callback.location).status for one in self.sessions]
        self.lost[name] = [status for status in answers if status != 200]
        self.sessions.append(self.app.launch_simulated(ALMA))

    def revisions(self) -> dict[str, list[str]]:
        world = self.cloud.plane.world
        return {
            one: [revision["name"] for revision in world.run_services[one]["revisions"]]
            for one in SERVICES
        }


@pytest.fixture(scope="module")
def story(walked: Walk) -> Story:
    cloud = walked.begin()
    told = Story(cloud, walked.app)
    told.chapter("first deployment")
    told.chapter("release", deploy(cloud))
    told.chapter("rollback", cloud.run([ROLLBACK], SHELL)[-1])
    # Starts and reports that it's healthy, but doesn't work. Only traffic shows this.
    parameters = cloud.repository / "functions/launch/parameters.py"
    sound = parameters.read_text()
    assert "else IssMissing" in sound
    parameters.write_text(sound.replace("else IssMissing", "else LaunchParameterMissing"))
    told.chapter("failing release", deploy(cloud))
    parameters.write_text(sound)
    told.chapter(REFUSED, cloud.run([INCIDENT_COMMAND], SHELL)[-1])
    told.chapter("release after all that", deploy(cloud))
    told.after = told.revisions()
    services = cloud.plane.world.run_services
    told.targets = {one: services[one]["spec"] for one in SERVICES}
    # As after a release that stopped right after its step `pin`, and with a tag that a user set.
    for one, (first, *_, newest) in told.after.items():
        pinned = {"revisionName": newest, "percent": 100}
        services[one]["spec"] = [pinned, {"revisionName": first, "tag": "kept"}]
    with edited(cloud, "smart-sealing-key = 1\n", "smart-sealing-key=1  # pinned\n"):
        told.chapter(INCIDENT, cloud.run([INCIDENT_COMMAND], SHELL)[-1])
        told.named = tomllib.loads((cloud.repository / FILE).read_text())["versions"]
    return told


def numbers(revisions: list[str]) -> set[str]:
    """Which release each is of: launch-00002-abc is of the second."""
    return {re.sub(r".*-0*(\d+)-\w+$", r"\1", one) for one in revisions}


def test_no_session_ends_whatever_becomes_of_a_release(story: Story) -> None:
    assert len(story.sessions) == len(story.serving) == 7
    releases = [chapter for chapter in story.serving if chapter != INCIDENT]
    assert {chapter: story.lost[chapter] for chapter in releases} == {one: [] for one in releases}


def test_one_command_ends_all_sessions_for_good(story: Story) -> None:
    """The new key serves, the old one is gone, the file says so, and a launch opens a session.

    So it is although the traffic named the newest revision, and an older one had a tag.
    """
    assert story.codes[INCIDENT] == 0, story.said[INCIDENT]
    opened = len(story.sessions) - 1
    assert set(story.lost[INCIDENT]) == {401}
    assert len(story.lost[INCIDENT]) >= opened
    old, new = story.cloud.plane.world.secrets["smart-sealing-key"]
    assert (old, len(new)) == (b"", 44)
    assert story.named["smart-sealing-key"] == 2
    latest = story.sessions[-1]
    assert latest.browser.fetch(f"{latest.fhir_base}/Patient/{ALMA}").status == 200


def test_while_an_older_release_serves_it_names_the_way_that_then_works(story: Story) -> None:
    """The story goes that way: a release of what serves, then the same command. (One new version
    of the key, above: the refused command made none.)
    """
    said = story.said[REFUSED]
    assert story.codes[REFUSED] == 1
    assert "callback: a release was rolled back or stopped. callback-00001-abc serves" in said
    assert (
        "Deploy the commit that serves (docs/deploy.md, section 8),\nthen run this command again."
        in said
    )


def test_a_key_that_cannot_be_replaced_everywhere_is_never_said_to_be(story: Story) -> None:
    """The list of its versions, the traffic, deployment.toml: each fails or surprises in turn."""
    split = "printf 'callback,50,,a,\\ncallback,50,,b,\\n'"
    gcloud = '[[ "$*" != *"versions add"* ]] || { cat > /dev/null; echo versions/7; }'
    escaped = '"smart-sealing\\u002dkey" = 1\n'
    cases = {
        "the list fails": (":", '[[ "$*" != *"versions list"* ]]', "", ""),
        "the traffic is split": (split, gcloud, "", "callback: the traffic is split"),
        "the file": (":", gcloud, escaped, "Set\nsmart-sealing-key = 7 there"),
    }
    wrong = {}
    for name, (traffic, answer, line, wanted) in cases.items():
        script = f". infra/end_sessions.sh; traffic() {{ {traffic}; }}; revisions() {{ :; }}; "
        script += f"gcloud() {{ {answer}; }}; end_sessions"
        with edited(story.cloud, sound := "smart-sealing-key = 1\n", line or sound):
            code, said = as_deployer(story.cloud, script, {})
        if code == 0 or wanted not in said or "All sessions have ended. " in said:
            wrong[name] = code, said
    assert wrong == {}


def test_gcloud_asked_nothing_that_the_fake_does_not_know(story: Story) -> None:
    assert story.cloud.plane.unknown == []


def test_a_release_that_passes_its_checks_serves(story: Story) -> None:
    assert story.codes["release"] == 0, story.said["release"]
    assert numbers(story.serving["first deployment"]) == {"1"}
    assert numbers(story.serving["release"]) == {"2"}
    for one in SERVICES:
        assert f"candidate---{one}-" in story.said["release"]


def test_one_command_goes_back_without_building(story: Story) -> None:
    assert story.codes["rollback"] == 0, story.said["rollback"]
    assert numbers(story.serving["rollback"]) == {"1"}
    assert story.said["rollback"].count("all traffic to revisions=") >= len(SERVICES)


def test_a_release_that_fails_its_checks_goes_back_by_itself(story: Story) -> None:
    said = story.said["failing release"]
    assert story.codes["failing release"] != 0
    assert (
        "returned 400 with launch_parameter_missing, but 400 with iss_missing was expected" in said
    )
    assert "The revisions from before the release serve again" in said
    assert numbers(story.serving["failing release"]) == {"1"}


def test_the_next_release_is_not_caught_by_the_pin(story: Story) -> None:
    last = "release after all that"
    assert story.codes[last] == 0, story.said[last]
    assert numbers(story.serving[last]) == {"4"}
    assert story.targets == dict.fromkeys(SERVICES, run.ALL_TO_LATEST)


def test_what_was_taken_back_is_nothing_that_one_could_go_back_to(story: Story) -> None:
    for one, revisions in story.after.items():
        assert numbers(revisions) == {"1", "4"}, one


def as_deployer(cloud: Cloud, script: str, notes: Mapping[str, str]) -> tuple[int, str]:
    """A part of a release by itself, with what its steps before would have noted."""
    folder = cloud.repository / "build/deployment"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in notes.items():
        (folder / name).write_text(text)
    ended = run_in(
        f"set -eu; {SHELL}. infra/traffic.sh; {script}",
        cloud.repository,
        cloud.variables(
            f"serviceAccount:smart-deploy@{cloud.plane.world.project}.iam.gserviceaccount.com"
        ),
        [cloud.programs],
    )
    return ended.returncode, ended.stderr + ended.stdout


def test_a_new_revision_that_is_not_well_never_gets_traffic(story: Story) -> None:
    cloud = story.cloud
    now = [run.serving(cloud.plane.world, one) for one in SERVICES]
    notes = {"ingress": "all\n", "candidates-verdict": "1\n"}
    code, said = as_deployer(cloud, "pin; lend_addresses; move", notes)
    assert code != 0
    assert "A new revision isn't healthy" in said
    assert [run.serving(cloud.plane.world, one) for one in SERVICES] == now
    for one in SERVICES:
        assert not [target for target in run.traffic(cloud.plane.world, one) if "tag" in target]


def test_a_traffic_split_by_hand_is_not_touched(story: Story) -> None:
    world = story.cloud.plane.world
    kept = world.run_services["launch"]["spec"]
    first, *_, last = story.revisions()["launch"]
    split = [{"revisionName": one, "percent": 50} for one in (first, last)]
    world.run_services["launch"]["spec"] = split
    try:
        code, said = as_deployer(story.cloud, "pin", {})
    finally:
        world.run_services["launch"]["spec"] = kept
    assert code != 0
    assert "launch: the traffic is split" in said


def test_a_move_that_fails_half_way_takes_all_back(story: Story) -> None:
    before = "".join(f"{one} {one}-00001-abc\n" for one in SERVICES[:-1])
    half = 'give_all_to() { echo "$1 $2"; [ "$1 $2" != "callback --to-latest" ]; }'
    notes = {"candidates-verdict": "0\n", "before": before}
    code, said = as_deployer(story.cloud, f"{half}; move", notes)
    assert code != 0
    for one in SERVICES[:-1]:
        assert f"{one} --to-revisions={one}-00001-abc=100" in said
    # It is new, and has nothing to go back to.
    assert said.count(f"{SERVICES[-1]} --to-latest") == 2


def test_a_rollback_that_fails_half_way_says_how_to_end_it(story: Story) -> None:
    """A function can't roll back if its earlier revisions mount a destroyed key."""
    half = 'give_all_to() { [ "$1" != launch ]; }'
    code, said = as_deployer(story.cloud, f"{half}; roll_back", {})
    assert code != 0
    for name in FUNCTIONS:
        one = service(name)
        by_hand = f"update-traffic {one} --region=europe-west1 --to-revisions={one}-00001-abc=100"
        none = f"{one}: there is no revision before {one}-00005-abc, so its traffic isn't moved."
        assert (none if name in with_sessions(FUNCTIONS) else by_hand) in said
