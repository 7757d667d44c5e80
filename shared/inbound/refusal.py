"""Format a failure for people (a page), FHIR clients (an OperationOutcome, FHIR R4), programs
(problem+json, RFC 9457) and the log.

The setting `error_details` controls which details are shown, but doesn't change the log.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

from shared import log, outcome, pages, urls
from shared.config.settings import Settings
from shared.errors import ADMINISTRATOR, LATE, RELAUNCH, CodedError, TokenError, VersionConflict
from shared.findings import ForUser, with_addresses
from shared.frozen import dataclass

if TYPE_CHECKING:
    from shared.explain import Cause, Diagnosis

Form = Literal["page", "operation_outcome", "problem"]

_ISSUE_TYPES: Mapping[int, str] = {401: "login", 403: "forbidden", 404: "not-found"}
_MOST_CAUSES = 6
# The errors of a missing cookie. A browser keeps separate cookies for two names of one machine.
_OF_COOKIES = frozenset({"cookie_missing", "session_missing"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error with everything that is known about the failure.

    `explanation` is the diagnosis of the EHR's error, if it reported one. `evidence` is for
    developers and the log. `shown` is text from the EHR, only for developers' pages. `steps` are
    the actions to take. `standalone` has path and query to launch again if the launch didn't start
    in a chart.
    """

    error: CodedError
    explanation: "Diagnosis | None" = None
    evidence: Mapping[str, str] | None = None
    shown: Mapping[str, str] | None = None
    steps: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    standalone: str | None = None

    @classmethod
    def of(cls, error: CodedError, *, standalone: str | None = None) -> Self:
        """Return the refusal for an error, with no further details."""
        return cls(error, None, error.evidence, error.shown, error.steps, standalone=standalone)

    @property
    def causes(self) -> "tuple[Cause, ...]":
        """The causes of the EHR's error, the most probable first."""
        return self.explanation.causes[:_MOST_CAUSES] if self.explanation else ()

    @property
    def cause_ids(self) -> list[str]:
        """The ids of the causes, or the error's own if there are no others."""
        own = [self.error.cause] if self.error.cause else []
        return [cause.id for cause in self.causes] or own

    @property
    def user_steps(self) -> tuple[str, ...]:
        """The steps for the person who launched the app, or all steps if none are for them."""
        steps = tuple(step for step in self.steps if isinstance(step, ForUser))
        # The user has to try again before asking the administrator.
        return (self._again, ADMINISTRATOR) if steps == (ADMINISTRATOR,) else steps or self.steps

    @property
    def other_steps(self) -> tuple[str, ...]:
        """The remaining steps, for the people who run the app."""
        return tuple(step for step in self.steps if step not in self.user_steps)

    @property
    def clinicians_steps(self) -> tuple[str, ...]:
        """The steps for a clinician, who knows neither the app's settings nor the protocol."""
        first = self.causes[0] if self.causes else None
        before = first.first if first is not None else ()
        mine = tuple(step for step in self.user_steps if isinstance(step, ForUser))
        return (*before, *(mine or (self._again, ADMINISTRATOR)))

    def developers_steps(self, *, with_link: bool) -> tuple[str, ...]:
        """Return the user's steps without those that a developer's page has anyway: to launch
        again, if the first cause says so or the page has a link for it.
        """
        said = " ".join(self.causes[0].steps if self.causes else ())
        known = with_link or "aunch the app again" in said
        return tuple(
            step
            for step in self.user_steps
            if not (known and step.startswith(_CLOSE)) and not (with_link and step == ADMINISTRATOR)
        )

    @property
    def administrators_steps(self) -> tuple[str, ...]:
        """The remaining steps, for a page whose first steps are the clinician's."""
        return tuple(step for step in self.steps if step not in self.clinicians_steps)

    @property
    def _again(self) -> ForUser:
        """The step to launch again. A launch that didn't start in a chart starts again at its own
        URL.
        """
        if self.standalone is None:
            return RELAUNCH
        address = f"https://HOST{self.standalone}"
        return ForUser(f"{_CLOSE} and start over at `{address}`, where this launch started.")

    def at_home(self, public_url: str) -> Self:
        """Return a copy with the app's own URLs in place of `https://HOST` in steps and causes."""
        redirect_uri = (self.evidence or {}).get("redirect_uri_sent")
        user = [self._again if step == RELAUNCH else step for step in self.user_steps]
        steps = (*user, *self.other_steps)
        steps = tuple(with_addresses(step, public_url, redirect_uri) for step in steps)
        if self.error.code in _OF_COOKIES and urls.is_local(public_url):
            steps = (ForUser(_ONE_NAME.format(public_url)), *steps)
        if self.explanation is None:
            return replace(self, steps=steps)
        causes = tuple(one.with_addresses(public_url, redirect_uri) for one in self.causes)
        return replace(self, steps=steps, explanation=replace(self.explanation, causes=causes))


# The steps to launch again start like this, here and in shared/errors/base.py.
_CLOSE = "Close this page"
_ONE_NAME = (
    "Use the app only at {}. Under another name for this machine, such as 127.0.0.1 instead of "
    "localhost, the browser uses different cookies."
)


def log_fields(refused: Refusal) -> dict[str, str | list[str]]:
    """Return the log fields of the causes: all ids, and the most probable cause with its fix."""
    ids = refused.cause_ids
    # `cause_id` also by itself: labels of Cloud Logging's metrics don't accept lists.
    causes: dict[str, str | list[str]] = {"causes": ids, "cause_id": ids[0]} if ids else {}
    if not refused.causes:
        return {**causes, "cause": refused.error.why, "fix": " ".join(refused.steps)}
    first = refused.causes[0]
    return {**causes, "cause": f"{first.title} {first.why}", "fix": first.fix}


def render(
    refused: Refusal, form: Form, settings: Settings | None, correlation_id: str
) -> tuple[Mapping[str, str], bytes]:
    """Return the headers and the body of the response."""
    error = refused.error
    headers: dict[str, str] = {}
    if error.allow is not None:
        headers["Allow"] = error.allow
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.challenge is not None:
        headers["WWW-Authenticate"] = error.challenge
    full = settings is not None and settings.full_error_details
    if form == "page":
        ancestors = settings.frame_ancestors if settings else ()
        headers |= pages.content_security_policy(ancestors)
        headers["Content-Type"] = "text/html; charset=utf-8"
        return headers, _page(
            refused, correlation_id, _on_this_machine(refused, settings), full=full
        )
    if form == "operation_outcome":
        issue = _ISSUE_TYPES.get(error.status, "invalid" if error.status < 500 else "transient")
        issue = "conflict" if isinstance(error, VersionConflict) else issue
        headers["Content-Type"] = outcome.MEDIA_TYPE
        return headers, outcome.operation_outcome(error.code, issue, _detail(refused, full=full))
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": _detail(refused, full=full),
        "code": error.code,
        "correlation_id": correlation_id,
    }
    headers["Content-Type"] = "application/problem+json"
    return headers, json.dumps(problem).encode()


def _on_this_machine(refused: Refusal, settings: Settings | None) -> Mapping[str, str]:
    """Return the links to the simulated EHR that `run` started: to launch again, and to its trace
    of this launch. Elsewhere, the links are empty strings.
    """
    ehr = os.environ.get("EHR_BASE_URL", "")
    if settings is None or not (ehr and urls.is_local(ehr) and urls.is_local(settings.public_url)):
        return {"again": "", "trace": ""}
    launch = log.launch()
    again = f"{ehr}/again?launch={launch}"
    if refused.standalone is not None:
        again = settings.public_url + refused.standalone
    return {"again": again, "trace": f"{ehr}/trace#launch-{launch}"}


def _page(refused: Refusal, correlation_id: str, links: Mapping[str, str], *, full: bool) -> bytes:
    explanation, error = refused.explanation, refused.error
    plain = error.is_for_clinicians or not full
    user_steps = refused.clinicians_steps
    if full:
        user_steps = refused.developers_steps(with_link=bool(links["again"]))
    other_steps = refused.other_steps if full else refused.administrators_steps
    if error.is_for_clinicians:
        own = (error.why,) if error.title == error.plain_title else (error.title, error.why)
        user_steps, other_steps = (), (" ".join(own), *_of_the_administrator(refused))
    page = pages.render(
        "error.html",
        full=full,
        code=refused.error.code,
        headline=_headline(refused, full=not plain),
        why=_why_plainly(refused) if plain else _why(refused),
        most_probable="" if full else _plainly(refused),
        causes=refused.causes if full else (),
        change=explanation.change if full and explanation else None,
        cause_ids=refused.cause_ids if full else [],
        corrected=(explanation.corrected_request if full and explanation else None) or {},
        evidence=(refused.evidence or {}) if full else {},
        shown=(refused.shown or {}) if full else {},
        user_steps=user_steps,
        **(links if full else dict.fromkeys(links, "")),
        other_steps=other_steps,
        correlation_id=correlation_id,
        time=log.now(),
    )
    return page.encode("utf-8", "replace")


def _of_the_administrator(refused: Refusal) -> tuple[str, ...]:
    """Return the steps of an error for clinicians, without those that its page begins with."""
    return tuple(step for step in refused.steps if step not in (RELAUNCH, ADMINISTRATOR))


def _detail(refused: Refusal, *, full: bool) -> str:
    """Return the entire refusal as one text, for a program to log or show."""
    said = []
    if full:
        said = [f"{one.title} {one.why} {one.fix}" for one in refused.causes[:1]]
    elif refused.causes:
        said = [f"Most probable cause: {_plainly(refused)}"]
    why = _why(refused) if full else refused.error.why
    return " ".join((refused.error.title, why, *said, *refused.steps))


def _headline(refused: Refusal, *, full: bool) -> str:
    """Return the headline, stating only what is known to be true of this launch."""
    if _is_late(refused):
        return TokenError.title
    told = ""
    if refused.causes and refused.error.code in _ANSWERED:
        first = refused.causes[0]
        told = first.headline
        if first.accuses and first.certainty != "certain":
            # The error doesn't prove that cause.
            told = TokenError.title
    return told or (refused.error.title if full else refused.error.plain_title)


_ANSWERED = frozenset({"ehr_error", "token_error"})


def _is_late(refused: Refusal) -> bool:
    """Return whether the EHR's error doesn't belong to a pending launch."""
    return bool(refused.causes) and refused.error.code not in _ANSWERED


def _why(refused: Refusal) -> str:
    """Return the reason, for developers. The EHR's error is reported as the EHR's claim, not as
    fact.
    """
    explanation, why = refused.explanation, refused.error.full_why or refused.error.why
    if _is_late(refused):
        why = LATE
    if explanation is None:
        return why
    if explanation.causes:
        return f"{why} The EHR's error says: {explanation.meaning}"
    unknown = refused.error.code == "ehr_error"
    return f"{why} This app doesn't recognize the EHR's error." if unknown else why


def _why_plainly(refused: Refusal) -> str:
    return LATE if _is_late(refused) else refused.error.plain_why


def _plainly(refused: Refusal) -> str:
    """Return the cause for a clinician. The details for developers are in the log."""
    return refused.causes[0].plainly if refused.causes else ""
