"""The last line of a run on a machine that lacks programs."""

import pytest

from tests.support import missing


def test_it_counts_the_tests_by_program_and_names_one_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(pytest.skip.Exception) as skipped:
        missing.skip("chromium", "libatomic1")
    browser = f"Skipped: {skipped.value}"
    reasons = [browser, browser, "needs git", missing.reason("gcloud"), "Skipped: no emulator"]
    assert missing.summary(reasons) == (
        "Skipped for missing programs: 2 for chromium libatomic1, 1 for git, 1 for gcloud. "
        "To run them, on Debian, run: apt-get install chromium git libatomic1 npm; "
        "for gcloud, see https://cloud.google.com/sdk/docs/install"
    )
    assert missing.summary(["Skipped: no emulator"]) == ""


def test_the_gate_skips_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(AssertionError, match="needs npm; in CI nothing is skipped"):
        missing.skip("npm")
