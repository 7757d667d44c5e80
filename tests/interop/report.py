"""What a run against another server tried, and what came of it: one line a step."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Report:
    """The steps so far.

    `refused`: for each subject, the steps that its server is known to refuse, with the reason. Such
    a step must fail: if it passes, the list is out of date.
    """

    refused: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    failed: int = 0
    passed: int = 0
    by_server: int = 0

    def step(self, subject: str, name: str, fits: bool, detail: object = "") -> bool:
        """Print one step."""
        reason = self.refused.get(subject, {}).get(name, "")
        expected = fits == (not reason)
        self.failed += not expected
        self.by_server += expected and not fits
        self.passed += expected and fits
        if reason:
            detail = f"the server refuses it: {reason}" if expected else "the server accepts it now"
        mark = "FAIL" if not expected else "ok  " if fits else "--  "
        print(f"{mark} {subject:28} {name}" + (f": {detail}" if detail and mark != "ok  " else ""))
        return fits

    def summary(self) -> str:
        """Return the figures in one line."""
        refused = f"{self.by_server} refused by the server, " if self.refused else ""
        return f"{self.passed} passed, {refused}{self.failed} failed"
