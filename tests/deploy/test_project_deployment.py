"""A project that `smart-calc new` wrote, deployed by the guide: without a clone, from one file."""

import zipfile

import pytest

from smart_calc import new
from tests.deploy.guide_walk import DEPLOY, Walk, under
from tests.support import guide, wheel
from tests.support.cloud import Cloud
from tests.support.control_plane.world import OPERATOR

pytestmark = pytest.mark.calculators
ALMA = "synthetic-alma"
# What a person types in a project in place of `. infra/guide.sh`.
SHELL = 'eval "$(smart-calc deployment guide)"\n'


@pytest.fixture(scope="module")
def deployed(walked: Walk, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """The cloud of the guide's walk, into which the project is deployed."""
    cloud, folder = walked.begin_to_deploy(), tmp_path_factory.mktemp("project")
    package = wheel.build(folder)
    new.write(folder / "app", package)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder / "installed")
    command = f'PYTHONPATH={folder}/installed exec python -P -m smart_calc "$@"'
    guide.program(folder / "bin", "smart-calc", command)
    (block,) = (one for one in under(DEPLOY) if "cloudbuild.yaml" in one.text)
    programs, blocks = [folder / "bin", cloud.programs], [*under("Another function"), block]
    ran = guide.run(blocks, folder / "app", cloud.variables(OPERATOR), programs, SHELL)
    assert [one.said for one in ran if one.code] == [], cloud.log()
    return cloud


def test_its_build_needs_no_clone_and_no_index_for_our_name(deployed: Cloud) -> None:
    assert deployed.plane.unknown == []
    assert set(deployed.plane.world.functions) == {
        *("callback", "cds_services", "fhir_proxy", "launch", "smart_calc", "summary")
    }


def test_the_app_can_be_launched_from_the_chart(deployed: Cloud, walked: Walk) -> None:
    launched = walked.app.launch_simulated(ALMA)
    page = launched.browser.open(launched.callback.location)
    assert (page.status, "Alma Testpatient" in page.text) == (200, True)


def test_its_own_function_reads_the_chart_in_the_session(deployed: Cloud, walked: Walk) -> None:
    launched = walked.app.launch_simulated(ALMA)
    summary = launched.browser.fetch(launched.fhir_base.replace("fhir_proxy", "summary"))
    assert (summary.status, summary.json()["born"]) == (200, "1968-03-14"), summary.text
