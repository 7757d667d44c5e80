"""How Google's APIs refuse: status, words and details, each with where it was seen.

The words matter: gcloud reads some of them (an API that is not enabled), and an operator the rest.
"""

from collections.abc import Mapping
from typing import Any

_STATUS = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
}


class Refusal(Exception):
    """A call that is refused."""

    def __init__(
        self,
        code: int,
        message: str,
        status: str | None = None,
        details: tuple[Mapping[str, Any], ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status or _STATUS[code]
        self.message = message
        self.details = details

    def document(self) -> dict[str, Any]:
        """Return the body of the response (https://cloud.google.com/apis/design/errors)."""
        error = {"code": self.code, "message": self.message, "status": self.status}
        return {"error": error | ({"details": list(self.details)} if self.details else {})}


def service_disabled(name: str, host: str, number: str) -> Refusal:
    """Refuse a call of an API that the caller's project has not enabled.

    Message and details: github.com/eye-on-surveillance/sawt issue 261 and
    github.com/billingross/trellis-v2 issue 15, both about a `gcloud functions deploy` that called
    Cloud Resource Manager.
    """
    page = f"https://console.developers.google.com/apis/api/{host}/overview?project={number}"
    return Refusal(
        403,
        f"{name} API has not been used in project {number} before or it is disabled. Enable it by "
        f"visiting {page} then retry. If you enabled this API recently, wait a few minutes for the "
        "action to propagate to our systems and retry.",
        details=(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "SERVICE_DISABLED",
                "domain": "googleapis.com",
                "metadata": {"consumer": f"projects/{number}", "service": host},
            },
        ),
    )


def billing_missing(number: str, services: list[str]) -> Refusal:
    """Services that cost money, on a project without a billing account.

    Words and reason: github.com/kyegomez/zeta issue 71 (`gcloud services enable`) and
    github.com/GoogleCloudPlatform/deploystack issue 52.
    """
    return Refusal(
        400,
        f"Billing account for project '{number}' is not found. Billing must be enabled for "
        f"activation of service(s) '{','.join(services)}' to proceed.",
        "FAILED_PRECONDITION",
    )


def permission_denied(permission: str, resource: str) -> Refusal:
    """Refuse a caller without the permission
    (https://cloud.google.com/iam/docs/permission-error-messages).
    """
    return Refusal(
        403,
        f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
        details=(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": "iam.googleapis.com",
                "metadata": {"resource": resource, "permission": permission},
            },
        ),
    )


def member_missing(email: str) -> Refusal:
    """Refuse a policy that names an account that doesn't exist, or doesn't exist yet.

    Message: github.com/GoogleCloudPlatform/solutions-modern-cicd-anthos issue 18, about accounts
    made a moment before; that a new account can be missing for a while:
    https://cloud.google.com/iam/docs/overview#consistency and issue 22546 of
    github.com/hashicorp/terraform-provider-google.
    """
    return Refusal(400, f"Service account {email} does not exist.")


def quota_exceeded(most: int, violated: Mapping[str, tuple[int, int]]) -> Refusal:
    """More instances than the quota of the region carries.

    Words, and the 20,000 and 42,949,672,960 of a new project: github.com/googlecodelabs/feedback
    issue 1856. There one service asked for too much; that the sum over all services of a region
    counts is the strict reading of the quota's name ("per project per region") and was not seen.
    """
    lines = "".join(
        f"\n{name} requested: {asked} allowed: {allowed}"
        for name, (asked, allowed) in violated.items()
    )
    return Refusal(
        400,
        "spec.template.metadata.annotations[autoscaling.knative.dev/maxScale]: Max instances must "
        f"be set to {most} or fewer to set the requested total CPU.\nConsider running your "
        "workload in a region with greater capacity, or requesting an increase in quota for this "
        "region if you are seeing sustained usage near this limit, see https://cloud.google.com/run/quotas."
        f"\n\nQuota violated:{lines}",
        "FAILED_PRECONDITION",
    )


def not_a_member() -> Refusal:
    """Refuse members of a policy from outside, if the organization admits only its own members.

    Message: https://cloud.google.com/run/docs/authenticating/public, of the constraint
    iam.allowedPolicyMemberDomains.
    """
    return Refusal(
        400,
        "One or more users named in the policy do not belong to a permitted customer, perhaps due "
        "to an organization policy.",
        "FAILED_PRECONDITION",
    )


def forbidden(constraint: str, project: str, what: str) -> Refusal:
    """Refuse a setting or place that a list policy leaves out.

    Message: github.com/firebase/extensions issue 977, about cloudfunctions.allowedIngressSettings.
    Those of other constraints weren't seen.
    """
    return Refusal(
        400,
        f"Constraint constraints/{constraint} violated for projects/{project} attempting {what}.",
        "FAILED_PRECONDITION",
    )


def region_restricted() -> Refusal:
    """Refuse a build in a region where this project can't build.

    Message: github.com/google-github-actions/deploy-cloudrun issue 480, there without the URL.
    """
    return Refusal(
        400,
        "failed precondition: due to quota restrictions, Cloud Build cannot run builds in this "
        "region, see https://cloud.google.com/build/docs/locations#restricted_regions_for_some_projects",
        "FAILED_PRECONDITION",
    )


def changed_meanwhile() -> Refusal:
    """Refuse a second operation on the fields of a database while one is running.

    Message: github.com/hashicorp/terraform-provider-google issues 16329 and 16664 (409).
    """
    return Refusal(409, "Please retry, underlying data changed", "ABORTED")


def not_found(what: str) -> Refusal:
    """https://cloud.google.com/apis/design/errors"""
    return Refusal(404, f"{what} not found.")


def already_exists(what: str) -> Refusal:
    """https://cloud.google.com/apis/design/errors"""
    return Refusal(409, f"{what} already exists.")
