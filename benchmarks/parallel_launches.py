"""Many launches at once on the staged functions and Google's Firestore emulator.

Run `python -m benchmarks.parallel_launches PYTHON` with the interpreter for the functions. Each
function is started like the buildpack does: its folder, its requirements, `functions-framework`
with FUNCTION_TARGET, PORT, THREADS and LOG_EXECUTION_ID=true. It prints the time from start to
first response, the time of each launch (click to session) and the memory of each function.
"""

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

from gateway.processes import Process, becomes_ready
from infra import project
from infra.deployment import FILE, read
from infra.stage import FUNCTIONS, ROOT, stage
from tests.support.app.app import App, ehr_tables
from tests.support.app.servers import Server, free_port, listens, started
from tests.support.browser.browser import Browser
from tests.support.cloud.firestore_emulator import VARIABLE, emulator
from tests.support.cloud.router import Router
from tests.support.ehr.scripted_ehr import ScriptedEhr

LAUNCHES = 80


def main(python: str) -> None:
    """Measure once and print."""
    with tempfile.TemporaryDirectory() as name, ScriptedServer() as scripted:
        folder = Path(name)
        stage(project.read(ROOT), folder / "staged", "0" * 40)
        programs = environments(python, folder / "staged", folder)
        router = Router()
        router.strip = True
        with emulator(folder) as firestore, ExitStack() as stack:
            (folder / "smart.toml").write_text(
                f'public_url = "{router.origin}"\nsealing_keys = ["env:SEALING_KEY"]\n'
                '[store]\nkind = "firestore"\nproject = "test-launches"\ndatabase = "smart"\n'
                f"{ehr_tables('http://localhost:1', scripted)}"
            )
            processes, seconds, key = {}, {}, secrets.token_urlsafe(32)
            for one in FUNCTIONS:
                processes[one], port, seconds[one] = stack.enter_context(
                    running(folder, programs[one], one, firestore, key)
                )
                router.ports = {**router.ports, one: cycle([port])}
            report(router.origin, scripted, processes, seconds)
        router.close()


class ScriptedServer(ScriptedEhr):
    """An EHR that responds immediately, for the duration of a `with` block."""

    def __enter__(self) -> ScriptedEhr:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def environments(python: str, staged: Path, folder: Path) -> dict[str, Path]:
    """Return for each function the bin folder of an environment with only its requirements.

    Functions with the same requirements share one.
    """
    made: dict[bytes, Path] = {}
    programs = {}
    for one in FUNCTIONS:
        requirements = staged / one / "requirements.txt"
        content = requirements.read_bytes()
        if content not in made:
            made[content] = folder / f"environment-{one}" / "bin"
            subprocess.run([python, "-m", "venv", made[content].parent], check=True)
            pip = [str(made[content] / "python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, "--require-hashes", "-r", str(requirements)], check=True)
        programs[one] = made[content]
    return programs


@contextmanager
def running(
    folder: Path, programs: Path, function: str, firestore: str, key: str
) -> Iterator[tuple[Process, int, float]]:
    """Run a function; yield its process, its port and the seconds until its first response."""
    threads = read(ROOT / FILE).functions[function]["concurrency"]
    port = free_port()
    variables = {
        "FUNCTION_TARGET": function,
        "PORT": str(port),
        "THREADS": str(threads),
        "LOG_EXECUTION_ID": "true",
        "SMART_CONFIG": str(folder / "smart.toml"),
        VARIABLE: firestore,
    }
    if function != "launch":
        variables["SEALING_KEY"] = key
    began = time.perf_counter()
    command, log = [str(programs / "functions-framework"), "--host", "127.0.0.1"], folder / function
    with started(command, log, folder / "staged" / function, variables) as process:
        assert becomes_ready(process, lambda: listens(port), step=0.005), log.read_text()
        Browser().get(f"http://localhost:{port}/")
        yield process, port, time.perf_counter() - began


def report(
    origin: str,
    scripted: ScriptedEhr,
    processes: dict[str, Process],
    seconds: dict[str, float],
) -> None:
    """Run all launches at once and print the results."""
    app = App(origin, Server(origin, Path(), next(iter(processes.values()))), "", scripted)
    tenants = [scripted.tenant() for _ in range(LAUNCHES)]

    def launch(number: int) -> tuple[int, float]:
        browser, tenant = Browser(), tenants[number]
        began = time.perf_counter()
        begun = app.begin(tenant, browser)
        answer = app.answer(begun, tenant, browser) if begun.status == 302 else begun
        return answer.status, time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(LAUNCHES) as pool:
        done = list(pool.map(launch, range(LAUNCHES)))
    whole = time.perf_counter() - began
    times = sorted(seconds for _, seconds in done)
    good = sum(status == 303 for status, _ in done)
    sys.stdout.write(
        f"{good} of {LAUNCHES} launches succeeded, all within {whole:.1f} s; one took "
        f"{statistics.median(times):.2f} s (median), {times[-1]:.2f} s (longest)\n"
    )
    for name, process in processes.items():
        sys.stdout.write(
            f"{name}: first response after {seconds[name]:.2f} s, {memory(process.pid):.0f} MB\n"
        )


def memory(pid: int | None) -> float:
    """Return the proportional memory of a process and its children, in MB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for one in (str(pid), *children):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


if __name__ == "__main__":
    os.environ.pop(VARIABLE, None)
    main(sys.argv[1])
