"""16 clients that read responses of all sizes: `python -m benchmarks.endurance [MINUTES]`.

Prints the proxy's memory as it runs. It exits with status 1 if memory grew: if the maximum of the
last third exceeds 1.1 times the maximum of the middle third plus 20 MB.
"""

import contextlib
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.support import click, processes, resources, wire
from tests.support.app.servers import companion
from tests.support.browser.browser import Browser

MINUTES = 10.0
CLIENTS = 16
_SAMPLE_SECONDS = 5.0
_ANSWER_SECONDS = 120.0
# Each path, and its share of the reads in percent.
_READS: tuple[tuple[str, int], ...] = (
    ("Observation/o1", 60),
    (f"Observation?_count={resources.HUNDRED}", 24),
    (f"Observation?_count={resources.MEGABYTE}", 12),
    ("Binary/b1", 2),
    (f"Observation?_count={resources.HUGE}", 2),
)
_GROWTH, _NOISE_MEGABYTES = 1.1, 20.0


def main(arguments: list[str]) -> int:
    """Read for a number of minutes; return 1 if memory grew."""
    minutes = float(arguments[0]) if arguments else MINUTES
    processes.leave_a_core_to_the_servers()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        place = processes.place(Path(folder))
        store = stack.enter_context(companion("tests.support.cloud.firestore_stand_in"))
        base = stack.enter_context(companion("benchmarks.support.ehr")) + "/r4"
        variables = {**place.variables(base, store), "THREADS": str(CLIENTS)}
        names = ("launch", "callback", "fhir_proxy")
        ours = stack.enter_context(place.functions(names, variables))
        browser = Browser()
        begun = click.begin(ours["launch"].origin, base, browser)
        session = click.finish(ours["callback"].origin, begun, base, browser)
        server, ended = ours["fhir_proxy"], threading.Event()
        answers: Counter[int] = Counter()
        clients = [
            threading.Thread(target=_read, args=(server.port, session, seed, answers, ended))
            for seed in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        samples = _watch(server, answers, 60 * minutes)
        ended.set()
        for client in clients:
            client.join()
    third = len(samples) // 3
    before, after = max(samples[third : 2 * third]), max(samples[2 * third :])
    print(f"peak in the middle third {before:.0f} MB, in the last {after:.0f} MB; {dict(answers)}")
    return int(after > _GROWTH * before + _NOISE_MEGABYTES)


def _watch(server: processes.Server, answers: Counter[int], seconds: float) -> list[float]:
    """Return the maximum memory of each sampling interval, in MB."""
    samples = []
    began = time.monotonic()
    while (at := time.monotonic() - began) < seconds:
        server.forget_peak()
        time.sleep(_SAMPLE_SECONDS)
        samples.append(server.peak_kilobytes() * 1024 / 1e6)
        print(f"{at:5.0f} s  {samples[-1]:5.0f} MB  {sum(answers.values())} responses", flush=True)
    return samples


def _read(
    port: int, session: click.Session, seed: int, answers: Counter[int], ended: threading.Event
) -> None:
    chance = random.Random(seed)
    paths, weights = [path for path, _ in _READS], [often for _, often in _READS]
    with contextlib.closing(wire.Wire(port, _ANSWER_SECONDS)) as client:
        while not ended.is_set():
            (path,) = chance.choices(paths, weights)
            status, _ = client.exchange(wire.get(session.target(path), session.headers))
            answers[status] += 1
            if status == 503:
                time.sleep(1)  # Retry-After


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
