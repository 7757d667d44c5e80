"""The base class of all errors: a stable code, a status and texts."""

from collections.abc import Mapping
from typing import ClassVar, Self

from shared.findings import ForUser
from shared.frozen import dataclass

RELAUNCH = ForUser("Close this page and launch the app again from the patient's chart.")
ADMINISTRATOR = ForUser("If it happens again, give the correlation id below to your administrator.")


@dataclass(frozen=True, slots=True)
class Plainly:
    """An error's text for clinicians, without parameters, settings or protocol terms. If a field is
    empty, the error's own text is shown.
    """

    title: str = ""
    why: str = ""


OWN_WORDS = Plainly()


class CodedError(Exception):
    """Never raised itself. `str()` returns the code and the title, which are safe to log.

    A class with a code must have its own texts. The first paragraph of its docstring is the "when"
    column in docs/errors.md.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: str
    why: str
    full_why: str | None  # replaces `why` with `error_details = "full"`
    plainly: ClassVar[Plainly]
    # The page always begins with the text for clinicians. It replaces the step to launch again, and
    # the error's own text is in the administrator's part.
    is_for_clinicians: ClassVar[bool] = False
    briefly: ClassVar[str] = ""  # the reason after "could not be read", for the page's own reads
    steps: tuple[str, ...] = (RELAUNCH, ADMINISTRATOR)
    cause: str | None = None  # the id of a cause, an explain.CauseId
    retry_after: int | None = None  # seconds
    challenge: ClassVar[str | None] = None  # WWW-Authenticate (RFC 9110 11.6.1)

    def __init_subclass__(cls, code: str = "", status: int = 0) -> None:
        """Raise TypeError for a class with a code that lacks a text or a status."""
        lacking = [name for name in ("title", "why", "plainly") if name not in vars(cls)]
        if code and (lacking or not status):
            raise TypeError(f"{cls.__name__} lacks {', '.join(lacking or ['status'])}")
        if code:
            cls.code, cls.status = code, status

    def __init__(
        self,
        title: str | None = None,
        *,
        why: str | None = None,
        full_why: str | None = None,
        steps: tuple[str, ...] | None = None,
        cause: str | None = None,
        evidence: Mapping[str, str] | None = None,
        shown: Mapping[str, str] | None = None,
        allow: str | None = None,
    ) -> None:
        if title is not None:
            self.title = title
        if why is not None:
            self.why = why
        self.full_why = full_why
        if steps is not None:
            self.steps = steps
        if cause is not None:
            self.cause = cause
        self.evidence: Mapping[str, str] = dict(evidence or {})
        self.shown: Mapping[str, str] = dict(shown or {})
        self.allow = allow
        super().__init__(f"{self.code}: {self.title}")

    @property
    def plain_title(self) -> str:
        """The title for clinicians."""
        return self.plainly.title or self.title

    @property
    def plain_why(self) -> str:
        """The reason for clinicians, to read after `plain_title`."""
        return self.plainly.why or self.why

    def again(
        self, *, why: str | None = None, steps: tuple[str, ...] | None = None, **others: object
    ) -> Self:
        """Return a copy of this error for another request, with any changes. The copy has no
        traceback, because its frames would keep entire documents in memory.
        """
        new = type(self).__new__(type(self))
        Exception.__init__(new, *self.args)
        changed = {"why": why, "steps": steps, **others}
        new.__dict__.update(self.__dict__ | {k: v for k, v in changed.items() if v is not None})
        return new
