"""What is wrong and what to do about it: one idea for a setting at fault, a check of the doctor and
the cause of a failed launch (docs/troubleshooting.md, docs/doctor.md).
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

Flow = Literal["ehr", "standalone", "backend"]


class ByFlow(str):
    """A text as it is where a chart launched the app, and what takes its place in the flows that
    have none: a standalone launch, and a backend service, which has no user either. By default the
    text itself, and what stands for the standalone launch; None: nothing.
    """

    __slots__ = ("backend", "standalone")
    standalone: str | None
    backend: str | None

    def __new__(cls, text: str, standalone: str | None = "", backend: str | None = "") -> Self:
        """Make the text, each flow with its own."""
        new = super().__new__(cls, text)
        new.standalone = text if standalone == "" else standalone
        new.backend = new.standalone if backend == "" else backend
        return new


class ForUser(ByFlow):
    """A step that whoever launched the app can take. All others are for those who run the app;
    in them `https://HOST` stands for its public_url.
    """

    __slots__ = ()


def in_flow(text: str, flow: Flow) -> str | None:
    """A text as a flow has it, of the same kind; None where it has none."""
    if flow == "ehr" or not isinstance(text, ByFlow):
        return text
    other = text.standalone if flow == "standalone" else text.backend
    return None if other is None else type(text)(other)


def steps_in_flow(steps: tuple[str, ...], flow: Flow) -> tuple[str, ...]:
    """Steps as a flow has them, each once."""
    return tuple(dict.fromkeys(filter(None, (in_flow(step, flow) for step in steps))))


def with_addresses(step: str, public_url: str, redirect_uri: str | None = None) -> str:
    """A step, or why it is one, with the app's own addresses in it; it stays for whom it is."""
    written = step.replace("https://HOST/callback", redirect_uri or f"{public_url}/callback")
    return type(step)(written.replace("https://HOST", public_url))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `title` says what in a sentence, `why` how that comes about, `steps`
    what to do, one action each. `id` is stable.
    """

    id: str
    title: str
    steps: tuple[str, ...] = ()
    why: str = ""

    @property
    def fix(self) -> str:
        """The steps in one text, as JSON and the log have them."""
        return " ".join(self.steps)

    def with_addresses(self, public_url: str, redirect_uri: str | None = None) -> Self:
        """The same with the app's own addresses in it."""
        why = with_addresses(self.why, public_url, redirect_uri)
        steps = tuple(with_addresses(step, public_url, redirect_uri) for step in self.steps)
        return replace(self, why=why, steps=steps)
