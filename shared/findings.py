"""The type of a problem and its fix, for invalid settings, the checks of `make doctor` and the
causes of failed launches (docs/troubleshooting.md, docs/doctor.md).
"""

from dataclasses import replace
from typing import Literal, Self

from shared.frozen import dataclass

Flow = Literal["ehr", "standalone", "backend"]


class ByFlow(str):
    """A text for launches from a chart, with other texts for flows without a chart: a standalone
    launch and a backend service, which also has no user. By default, a standalone launch uses the
    text itself, and a backend service uses the standalone text. None means no text.
    """

    __slots__ = ("backend", "standalone")
    standalone: str | None
    backend: str | None

    def __new__(cls, text: str, standalone: str | None = "", backend: str | None = "") -> Self:
        """Create the text with the texts for the other flows."""
        new = super().__new__(cls, text)
        new.standalone = text if standalone == "" else standalone
        new.backend = new.standalone if backend == "" else backend
        return new


class ForUser(ByFlow):
    """A step for the person who launched the app. All other steps are for the people who run the
    app. In those, `https://HOST` means its public_url.
    """

    __slots__ = ()


def in_flow(text: str, flow: Flow) -> str | None:
    """Return the text for a flow, of the same type, or None if there isn't one."""
    if flow == "ehr" or not isinstance(text, ByFlow):
        return text
    other = text.standalone if flow == "standalone" else text.backend
    return None if other is None else type(text)(other)


def steps_in_flow(steps: tuple[str, ...], flow: Flow) -> tuple[str, ...]:
    """Return the steps for a flow, without duplicates."""
    return tuple(dict.fromkeys(filter(None, (in_flow(step, flow) for step in steps))))


def with_addresses(step: str, public_url: str, redirect_uri: str | None = None) -> str:
    """Insert the app's own URLs into a step or reason, and keep the type of the text."""
    written = step.replace("https://HOST/callback", redirect_uri or f"{public_url}/callback")
    return type(step)(written.replace("https://HOST", public_url))


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. `title` states it in a sentence, `why` explains it, and each of `steps` is one
    action to fix it. `id` is stable.
    """

    id: str
    title: str
    steps: tuple[str, ...] = ()
    why: str = ""

    @property
    def fix(self) -> str:
        """The steps as one text, for JSON and the log."""
        return " ".join(self.steps)

    def with_addresses(self, public_url: str, redirect_uri: str | None = None) -> Self:
        """Return a copy with the app's own URLs."""
        why = with_addresses(self.why, public_url, redirect_uri)
        steps = tuple(with_addresses(step, public_url, redirect_uri) for step in self.steps)
        return replace(self, why=why, steps=steps)
