"""A cause as it can be where this app made the request: without what this app certainly never does.

The catalogue speaks of any software. What this app sent is known: every parameter once, `launch` as
it came, its client id with the proof that is configured.
"""

from dataclasses import replace

from shared.explain.catalogue.causes import RELAUNCH
from shared.explain.model import Cause, Certainty
from shared.explain.weighing.evidence import Facts

_OTHERS = ("In other software", "If this app made")
_NEVER_INVENT = "never write a `launch` value yourself"
_WHOSE = {"provider": "clinicians", "patient": "patients"}


def as_sent(cause: Cause, facts: Facts) -> Cause:
    """The cause, told of a request that this app made."""
    if cause.id == "request_malformed":
        return _malformed(cause)
    steps = tuple(step for step in cause.steps if not step.startswith(_OTHERS))
    cause = replace(cause, steps=steps or (RELAUNCH,))
    if cause.id == "launch_value_invalid":
        return _launch_value(cause)
    if cause.id == "client_auth_wrong" and facts.sent.client_auth is not None:
        return _authentication(cause, facts.sent.client_auth)
    if cause.id == "persona_mismatch" and facts.persona in _WHOSE:
        return _persona(cause, facts.persona)
    return cause


def _malformed(cause: Cause) -> Cause:
    """A request that an EHR cannot read, where it is known what was sent."""
    most: Certainty = "possible" if cause.certainty == "possible" else "likely"
    return replace(
        cause,
        title="The EHR does not take the request as this app sends it.",
        why="This app sent every parameter that SMART App Launch asks for, each once. What this "
        "EHR wants otherwise it does not say.",
        steps=(
            RELAUNCH,
            (
                "If it happens again, give the correlation id to the EHR's support. If they find "
                "the fault in the request, report it as an issue of smart-calc's repository, with "
                "what stands under For support."
            ),
        ),
        certainty=most,
    )


def _launch_value(cause: Cause) -> Cause:
    return replace(
        cause,
        why="This app passes `launch` on as it came. The EHR knows it no longer: it is of an old "
        "tab or an earlier launch, or it was made in another tenant or environment.",
        steps=tuple(step for step in cause.steps if _NEVER_INVENT not in step) or (RELAUNCH,),
    )


def _authentication(cause: Cause, how: str) -> Cause:
    """A proof of the client that was refused, by the proof that was sent."""
    if how == "none":
        why = "It sent its client id and no proof, as a public client does."
        step = (
            "If the registration is confidential, set `client_auth` in smart.toml to how it proves "
            "itself; if it is public, compare `client_id` with the registration's."
        )
    elif how == "private_key_jwt":
        why = "It sent an assertion that its key signed. The EHR does not take that key."
        step = (
            "See that the EHR has the public half of `private_key` under the same `key_id`, and "
            "that the registration is for a signed assertion."
        )
    else:
        why = "It sent its secret. The secret is wrong, has run out, or is not how the app is "
        why += "registered to prove itself."
        step = (
            "Set the secret that `client_secret` in smart.toml refers to anew, from the "
            "registration of this `client_id`."
        )
    kept = [one for one in cause.steps if "client_auth" in one and one.startswith("In the code")]
    return replace(cause, why=why, steps=(step, *kept, RELAUNCH))


def _persona(cause: Cause, persona: str) -> Cause:
    other = "patients" if persona == "provider" else "clinicians"
    return replace(
        cause,
        why=f"The sign-in was the one for {_WHOSE[persona]} (persona {persona}); the app or the "
        f"tenant is set up for {other} only.",
    )
