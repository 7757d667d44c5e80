"""Who launches: the parameters of a launch, held against the configuration, without any network.

SMART App Launch 2.2, step 2: an EHR launch needs `iss` and `launch`. A standalone launch names a
registration by `ehr`, never a free URL.
"""

from dataclasses import dataclass

from shared import inbound, urls
from shared.errors import IssMissing, IssNotAllowed, LaunchParameterMissing, ParameterInvalid
from shared.inbound import Call
from shared.settings import Ehr, Settings

MAX_LAUNCH_BYTES = 8192
_NAMES = frozenset({"iss", "launch", "ehr"})
# What EHRs send when they open an app as something else than a SMART launch.
_LEGACY = frozenset({"fhirServiceUrl", "patientId", "PAT_PersonId", "VIS_EncntrId", "USR_PersonId"})


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A launch that may go on. `iss` is as received; `launch` is raw, None when standalone."""

    ehr: Ehr
    iss: str
    fhir_base: str
    launch: str | None


def read(call: Call, settings: Settings) -> LaunchRequest:
    """The launch in a request's query. Raises the error that names what is wrong with it."""
    given = inbound.parameters(call, _NAMES)
    if "ehr" in given:
        return _standalone(given, settings)
    if not given.get("iss"):
        raise _without_iss(call, given)
    iss = urls.decode(given["iss"])
    found = settings.ehr_for(iss)
    if found is None:
        raise IssNotAllowed(evidence={"iss": iss[:500]})
    launch = given.get("launch")
    if not launch:
        raise LaunchParameterMissing(evidence={"arrived": "iss without launch"})
    if len(launch) > MAX_LAUNCH_BYTES:
        raise ParameterInvalid("The `launch` value is longer than 8 kB.")
    ehr, fhir_base = found
    return LaunchRequest(ehr, iss, fhir_base, launch)


def _without_iss(call: Call, given: dict[str, str]) -> IssMissing | LaunchParameterMissing:
    legacy = [name for name in urls.raw_parameters(call.query) if name in _LEGACY]
    if legacy:
        names = ", ".join(legacy)
        return LaunchParameterMissing(
            why=f"It was opened with {names} instead of `iss` and `launch`, so it was not a SMART "
            "launch: the EHR has the app set up as another kind of app.",
            evidence={"arrived": names},
        )
    if given.get("launch"):
        return IssMissing(why="The request carries `launch` but no `iss`.")
    return IssMissing()


def _standalone(given: dict[str, str], settings: Settings) -> LaunchRequest:
    if "iss" in given or "launch" in given:
        raise ParameterInvalid(
            "The request mixes a standalone launch (`ehr`) with an EHR launch (`iss`, `launch`)."
        )
    ehr = settings.ehr_by_key(urls.decode(given["ehr"]))
    if ehr is None or not ehr.standalone:
        raise ParameterInvalid(
            "There is no standalone launch of this name.",
            why="`ehr` must be the key of an [[ehr]] entry that sets `standalone = true`.",
        )
    return LaunchRequest(ehr, ehr.standalone_base, ehr.standalone_base, None)
