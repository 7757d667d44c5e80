"""Checks a launch's parameters against the configuration, without any network access.

SMART App Launch 2.2, step 2: an EHR launch needs `iss` and `launch`. A standalone launch identifies
a registration with `ehr`, never an arbitrary URL.
"""

import re

from shared import legacy_launch, urls
from shared.config.settings import LAUNCH_PATH, Ehr, Settings
from shared.errors import (
    ADMINISTRATOR,
    IssMissing,
    IssNotAllowed,
    LaunchParameterMissing,
    ParameterInvalid,
)
from shared.findings import ForUser
from shared.frozen import dataclass
from shared.inbound import edge
from shared.inbound.edge import Call

MAX_LAUNCH_BYTES = 8192
# A wildcard entry accepts any tenant name, which is stored with the launch and the session.
MAX_ISS_CHARACTERS = 2000
_NAMES = frozenset({"iss", "launch", "ehr", "find"})
# docs/troubleshooting.md, oracle/plain-link.
_AS_SMART = (
    (
        "In the app's registration at the EHR, set the launch type to SMART, with `iss` and "
        "`launch`. In Oracle Health's code console, make sure Authorized is set to Yes."
    ),
    (
        "If a site opens the app with its own link (in PowerChart, one with `PAT_PersonId`), ask "
        "the site to configure the app as a SMART app instead."
    ),
    ForUser(
        "Launching again won't help. Give the correlation id below to your administrator: the "
        "EHR must first be set up to open the app in a different way."
    ),
)
_MIXED = "The request mixes a standalone launch (`ehr`) with an EHR launch (`iss`, `launch`)."
_NOT_STANDALONE = (
    "This launch URL is only for launches from the EHR, not for standalone ones (`ehr`)."
)
_LAUNCH_URL = (
    "If the EHR should open that app, change the launch URL in its registration at the EHR to "
    "`https://HOST{}`. Otherwise, add the FHIR base to `iss` in this app's `[[ehr]]` entry."
)
_ONE_FLOW = (
    ForUser("Open the app with the link that your organization gave you."),
    "Correct the link. A standalone launch URL is exactly `https://HOST/launch?ehr=KEY`.",
    ADMINISTRATOR,
)


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A valid launch. `iss` is as received. `launch` is raw, or None for a standalone launch."""

    ehr: Ehr
    iss: str
    fhir_base: str
    launch: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A standalone launch whose user has yet to choose a hospital, and the text to search for."""

    ehr: Ehr
    find: str


def read(call: Call, settings: Settings, path: str) -> LaunchRequest | Choice:
    """Return the launch in a request's query. `path` is the launch path of the request. Raise a
    CodedError if it's invalid.
    """
    query = edge.parameters(call, _NAMES)
    if "ehr" in query:
        if path != LAUNCH_PATH:
            raise ParameterInvalid(_NOT_STANDALONE, steps=_ONE_FLOW)
        return _standalone(query, settings)
    launch = query.get("launch")
    if not query.get("iss"):
        if not launch and (arrived := _legacy(call)):
            raise _not_smart(arrived)
        raise IssMissing(why="The request has `launch` but no `iss`.") if launch else IssMissing
    iss = urls.decode(query["iss"])
    here = tuple(ehr for ehr in settings.ehrs if ehr.launch_path == path)
    match = settings.ehr_for(iss, here)
    if match is None:
        elsewhere = settings.ehr_for(iss, settings.ehrs)
        raise _not_allowed(iss, here, elsewhere[0].launch_path if elsewhere else None)
    if len(iss) > MAX_ISS_CHARACTERS:
        raise ParameterInvalid("The `iss` value is longer than 2,000 characters.")
    if not launch:
        raise _not_smart(_legacy(call))
    if len(launch) > MAX_LAUNCH_BYTES:
        raise ParameterInvalid("The `launch` value is longer than 8 kB.")
    ehr, fhir_base = match
    return LaunchRequest(ehr, iss, fhir_base, launch)


def _not_allowed(iss: str, ehrs: tuple[Ehr, ...], other_path: str | None = None) -> IssNotAllowed:
    """Return the error for an `iss` that isn't one of these entries'. `other_path` is the launch
    path of an entry that has it.
    """
    # The part after `?` or `#`, or before `@`, isn't part of a FHIR base and can be anything, so
    # don't log it.
    shown = re.sub(r"//[^/]*@", "//", re.split(r"[?#]", iss)[0])
    configured = " ".join(base for ehr in ehrs for base in (*ehr.iss, ehr.issuers) if base)
    evidence = {"iss": shown[:500], "iss_configured": configured[:500]}
    if other_path is None:
        return IssNotAllowed(evidence=evidence)
    return IssNotAllowed(
        why="The app at this launch URL isn't registered at the FHIR base in the launch's `iss`, "
        "but another app is. Nothing was sent to the EHR.",
        steps=(IssNotAllowed.steps[0], _LAUNCH_URL.format(other_path)),
        evidence={**evidence, "launch_path": other_path},
    )


def _legacy(call: Call) -> str:
    names = urls.raw_parameters(call.query())
    return ", ".join(name for name in names if name in legacy_launch.NAMES)


def _not_smart(arrived: str) -> LaunchParameterMissing:
    if not arrived:
        return LaunchParameterMissing(evidence={"arrived": "nothing"})
    return LaunchParameterMissing(
        why=f"The app was opened with {arrived} instead, so this wasn't a SMART launch. In the "
        "EHR, the app is set up as a different kind of app.",
        steps=_AS_SMART,
        evidence={"arrived": arrived},
    )


def _standalone(query: dict[str, str], settings: Settings) -> LaunchRequest | Choice:
    ehr = settings.ehr_by_key(urls.decode(query["ehr"]))
    chooses = ehr is not None and ehr.chooser
    if "launch" in query or ("iss" in query and not chooses):
        raise ParameterInvalid(_MIXED, steps=_ONE_FLOW)
    if ehr is None or not ehr.standalone:
        raise ParameterInvalid(
            "There is no standalone launch with this name.",
            why="`ehr` must be the key of an [[ehr]] entry that sets `standalone = true`.",
            steps=_ONE_FLOW,
        )
    if not ehr.chooser:
        first = ehr.literal_iss[0]
        return LaunchRequest(ehr, first, first, None)
    if "iss" not in query:
        return Choice(ehr, urls.decode(query.get("find", "")))
    iss = urls.decode(query["iss"])
    base = settings.base_at(ehr, iss)
    if base is None or len(iss) > MAX_ISS_CHARACTERS:
        raise _not_allowed(iss, (ehr,))
    return LaunchRequest(ehr, base, base, None)
