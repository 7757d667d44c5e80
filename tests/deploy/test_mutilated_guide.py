"""The guide with a line missing, swapped or wrong: it stops, says where and says what is missing.

Each runs from the block that is hurt, in the cloud as it was before that block, until it stops.
The suite takes a sample of those that stop late; `make soak` all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.deploy.guide_walk import (
    DATABASE,
    DEPLOY,
    SHELL,
    TEXT,
    Walk,
    deploy,
    edited,
    to_a_launch,
    under,
)
from tests.support.cloud import guide

PROJECT, ACCOUNTS = "2. Project", "5. Service accounts"
SECRETS = "6. Configuration and secrets"


@dataclass(frozen=True)
class Hurt:
    """What is done to a section: `old` becomes `new`, once or `everywhere`.

    `stops` begins the command at which the guide then stops, `says` is in what is printed there or
    in the build's log: the API, account, permission, quota or command that is missing.
    """

    section: str
    old: str
    new: str
    stops: str
    says: str
    everywhere: bool = False


def swapped(section: str, first: str, second: str, stops: str, says: str) -> Hurt:
    """Two commands that follow each other, the other way round."""
    return Hurt(section, first + second, second + first, stops, says)


BUILD = "gcloud builds submit --config=cloudbuild.yaml"
TEST = "gcloud builds submit --config=cloudbuild-test.yaml"
BIND = "again gcloud projects add-iam-policy-binding"
HURT: Mapping[str, Hurt] = {
    "billing not linked": Hurt(
        PROJECT,
        "gcloud billing projects link $PROJECT --billing-account=$BILLING_ACCOUNT\n",
        "",
        "gcloud services enable",
        "Billing must be enabled for activation of service(s) 'cloudfunctions.googleapis.com,",
    ),
    "the project not made": Hurt(
        PROJECT,
        "gcloud projects create $PROJECT\n",
        "",
        "gcloud billing projects link",
        "projects/my-project",
    ),
    "Resource Manager not enabled": Hurt(
        PROJECT,
        "cloudresourcemanager.googleapis.com ",
        "",
        BIND,
        "Cloud Resource Manager API has not been used in project",
    ),
    "no database": Hurt(
        DATABASE,
        "gcloud firestore databases create --database=smart --location=$REGION"
        " --type=firestore-native \\\n  --delete-protection ${KMS_KEY:+--kms-key-name=$KMS_KEY}\n",
        "",
        "again gcloud firestore fields ttls update",
        "Database 'smart' not found",
    ),
    "operations not waited for": Hurt(
        DATABASE,
        "  again gcloud firestore fields ttls",
        "  gcloud firestore fields ttls",
        "gcloud firestore fields ttls update",
        "Please retry, underlying data changed",
    ),
    "no TTL policy": Hurt(
        DATABASE,
        "  again gcloud firestore fields ttls update expires_at --database=smart \\\n"
        "    --collection-group=$collection --enable-ttl\n",
        "",
        BUILD,
        "gcloud firestore fields ttls update expires_at --collection-group=launches",
    ),
    "an account not made": Hurt(
        ACCOUNTS,
        "for name in $FUNCTIONS build test deploy; do\n  gcloud iam",
        "for name in $FUNCTIONS build test; do\n  gcloud iam",
        BIND,
        "Service account smart-deploy@my-project.iam.gserviceaccount.com does not exist",
    ),
    "new accounts not waited for": Hurt(
        ACCOUNTS,
        "again ",
        "",
        "gcloud projects add-iam-policy-binding",
        "Service account smart-callback@my-project.iam.gserviceaccount.com does not exist",
        everywhere=True,
    ),
    "the deployer can't deploy": Hurt(
        ACCOUNTS,
        "for role in roles/cloudfunctions.developer projects/$PROJECT/roles/smartRelease;",
        "for role in projects/$PROJECT/roles/smartRelease;",
        BUILD,
        "cloudfunctions.functions.get",
    ),
    "the builds can't read their source": Hurt(
        ACCOUNTS,
        "for name in test deploy; do\n  gcloud storage",
        "for name in deploy; do\n  gcloud storage",
        TEST,
        "storage.objects.get",
    ),
    "a version before its secret": swapped(
        SECRETS,
        "for secret in smart-toml smart-sealing-key; do\n"
        '  gcloud secrets create $secret --replication-policy-file=- <<< "$REPLICATION"\n'
        "done\n",
        "gcloud secrets versions add smart-toml --data-file=smart.toml\n",
        "gcloud secrets versions add smart-toml",
        "secrets/smart-toml] not found",
    ),
    "the functions can't read the sealing key": Hurt(
        SECRETS,
        "for name in $WITH_SESSIONS; do",
        "for name in launch; do",
        BUILD,
        "Permission denied on secret: projects/123456789012/secrets/smart-sealing-key/versions/1",
    ),
}

# Each of these walks most of the guide; one of every kind that stops late is not among them.
LATE = {
    "Resource Manager not enabled",
    "no TTL policy",
    "the deployer can't deploy",
}
assert set(HURT) > LATE


def run_from(walked: Walk, text: str) -> guide.Ran:
    """The guide from the first block that differs; what came of the last that ran."""
    sound, hurt = to_a_launch(), to_a_launch(text)
    first = next(
        number
        for number, pair in enumerate(zip(sound, hurt, strict=True))
        if pair[0].text != pair[1].text
    )
    shell = "".join(block.text for block in hurt[:first] if block.sets)
    return walked.begin(first).run(hurt[first:], shell)[-1]


@pytest.mark.parametrize("name", [one for one in HURT if os.environ.get("SOAK") or one not in LATE])
def test_it_stops_and_names_the_line(walked: Walk, name: str) -> None:
    hurt = HURT[name]
    start = TEXT.index(f"## {hurt.section}")
    old = TEXT[start:]
    assert hurt.old in old
    new = old.replace(hurt.old, hurt.new, -1 if hurt.everywhere else 1)
    ran, cloud = run_from(walked, TEXT[:start] + new), walked.cloud
    assert ran.code != 0
    assert ran.where.startswith(f"{guide.PATH}:"), ran.where
    assert ran.where.partition(": ")[2].startswith(hurt.stops), ran.where
    said = ran.said + cloud.log()
    assert hurt.says in said, said
    assert cloud.plane.unknown == []


def test_half_the_quota_stops_the_deployment(walked: Walk) -> None:
    """What deployment.toml asks for is checked against [quota] there; Google's own may be less."""
    cloud = walked.begin_to_deploy()
    cloud.plane.world.quota.cpu_milli = 10_000
    ran = deploy(cloud)
    assert BUILD in ran.where
    assert "CpuAllocPerProjectRegion requested: " in cloud.log()


def test_a_region_where_a_new_project_may_not_build_stops_at_the_first_build(walked: Walk) -> None:
    cloud = walked.begin_to_deploy()
    with edited(cloud, '"europe-west1"', '"europe-west3"'):
        ran = cloud.run(under(DEPLOY), SHELL)[-1]
    assert TEST in ran.where
    assert "due to quota restrictions, Cloud Build cannot run builds in this region" in ran.said


def test_instances_beyond_the_quota_stop_before_anything_is_sent(walked: Walk) -> None:
    cloud = walked.begin_to_deploy()
    with edited(cloud, "max_instances = 5", "max_instances = 50"):
        ran = deploy(cloud)
    assert "smart-calc deployment check" in ran.where
    assert "deployment.toml: quota.vcpu" in ran.said
    assert cloud.plane.world.builds == {}
