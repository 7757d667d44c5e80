"""The EHR's clock against this machine's: what is signed or expires must mean the same time."""

from email.utils import parsedate_to_datetime

from doctor.finding import Checked, fail, ok, warn
from shared.config.settings import Ehr
from shared.outbound.http_client import Answer

# Contract: the clock skew that is tolerated.
MOST_SKEW_SECONDS = 120.0


def check(ehr: Ehr, base: str, answer: Answer, now: float) -> list[Checked]:
    """The answer's Date, plus the Age that a cache adds to it (RFC 9110 6.6.1, RFC 9111 5.1)."""
    try:
        date = parsedate_to_datetime(answer.headers["date"]).timestamp()
        age = int(answer.headers.get("age", "0"))
    except (KeyError, ValueError, OverflowError):
        return []
    skew = date + age - now
    if abs(skew) <= MOST_SKEW_SECONDS:
        return [ok("clock_skew", f"{base} and this machine tell the same time.", ehr.key)]
    matters = "openid" in ehr.scopes or ehr.client_auth == "private_key_jwt"
    return [
        (fail if matters else warn)(
            "clock_skew",
            f"The clock of {base} is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}; "
            f"{MOST_SKEW_SECONDS:.0f} s are tolerated in what it signs and what it is sent.",
            "Set this machine's clock by NTP. If it is right, tell the EHR's operator.",
            ehr.key,
        )
    ]
