"""Compares the EHR's clock with this machine's, because signatures and expiry depend on both."""

from email.utils import parsedate_to_datetime

from doctor.finding import Checked, fail, ok, warn
from shared.config.settings import Ehr
from shared.outbound.http_client import Answer

# Contract: the clock skew that is tolerated.
MOST_SKEW_SECONDS = 120.0


def check(ehr: Ehr, base: str, answer: Answer, now: float) -> list[Checked]:
    """Check the response's Date plus the Age from a cache (RFC 9110 6.6.1, RFC 9111 5.1)."""
    try:
        date = parsedate_to_datetime(answer.headers["date"]).timestamp()
        age = int(answer.headers.get("age", "0"))
    except (KeyError, ValueError, OverflowError):
        return []
    skew = date + age - now
    if abs(skew) <= MOST_SKEW_SECONDS:
        return [ok("clock_skew", f"The clocks of {base} and this machine agree.", ehr.key)]
    matters = "openid" in ehr.scopes or ehr.client_auth == "private_key_jwt"
    return [
        (fail if matters else warn)(
            "clock_skew",
            f"The clock of {base} is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} "
            "this machine's. For tokens that the EHR signs or receives, the limit is "
            f"{MOST_SKEW_SECONDS:.0f} s.",
            "If this machine's clock is correct, tell the EHR's operator. Otherwise, set this "
            "machine's clock with NTP.",
            ehr.key,
        )
    ]
