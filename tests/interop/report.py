"""What a run against another server tried, and what came of it: one line a step."""

from dataclasses import dataclass


@dataclass
class Report:
    """The steps so far."""

    failed: int = 0
    passed: int = 0

    def step(self, subject: str, name: str, fits: bool, detail: object = "") -> bool:
        """Print one step."""
        self.passed, self.failed = self.passed + fits, self.failed + (not fits)
        mark = "ok  " if fits else "FAIL"
        print(f"{mark} {subject:28} {name}" + (f": {detail}" if detail and not fits else ""))
        return fits
