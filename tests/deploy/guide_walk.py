"""What the tests of the guide have in common: its blocks in order, a configuration, the shell."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import guide
from tests.support.app import ehr_tables, simulated_ehr
from tests.support.cloud import Cloud
from tests.support.scripted_ehr import ScriptedEhr
from tests.support.servers import ROOT, Server

# The headings on the way to a first launch, in the order of the page.
DEPLOY = "8. Deploy"
FIRST = (
    "3. The state of a deployment",
    "4. Project",
    "5. Database",
    "6. Service accounts",
    "7. Configuration and secrets",
    "The platform's own log",
    DEPLOY,
)
TEXT = (ROOT / guide.PATH).read_text("utf-8")


def to_a_launch(text: str = TEXT) -> list[guide.Block]:
    """The blocks of a first deployment."""
    found = [one for one in guide.blocks(text) if one.language == "sh" and one.heading in FIRST]
    assert {one.heading for one in found} == set(FIRST)
    return found


def under(heading: str) -> list[guide.Block]:
    """The shell blocks under a heading, in order."""
    return [one for one in guide.blocks(TEXT) if one.language == "sh" and one.heading == heading]


# What a person types first in every terminal.
SHELL = next(one.text for one in to_a_launch() if "guide.sh" in one.text)


@contextmanager
def cloud_and_ehr(folder: Path, scripted: ScriptedEhr) -> Iterator[tuple[Cloud, Server]]:
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
            configuration = f'public_url = "{cloud.router.origin}"\n{toml}\n[[ehr]]{tables}'
            (cloud.repository / "smart.toml").write_text(configuration)
            yield cloud, ehr
    finally:
        cloud.close()
