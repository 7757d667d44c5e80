"""What a silent EHR does to others: nothing."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from shared.outbound.bulkheads import HANGING_SECONDS
from tests.support.app.app import App, Launched
from tests.support.app.proxy import launched
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.ehr.scripted_ehr import Received, Scripted, as_fhir

THREADS = 16  # tests/support/app/servers.py
PATIENCE_SECONDS = 60.0


def read(launch: Launched) -> Answer:
    address = f"{launch.fhir_base}/Patient/p1"
    return launch.browser.send("GET", address, OWN_FETCH, timeout=PATIENCE_SECONDS)


def test_while_an_ehr_hangs_its_reads_and_callbacks_are_refused_and_others_are_served(
    app: App,
) -> None:
    (launch, silent), (healthy, _) = launched(app), launched(app)
    newcomer = Browser()
    begun = app.begin(silent, newcomer)
    all_asked, speak = threading.Barrier(THREADS + 1), threading.Event()

    def keep_silent(_: Received) -> Scripted:
        all_asked.wait(PATIENCE_SECONDS)
        speak.wait(PATIENCE_SECONDS)
        return as_fhir(silent.resources["Patient/p1"])

    # A burst to an EHR that answers takes nothing away.
    with ThreadPoolExecutor(2 * THREADS) as pool:
        assert {one.status for one in pool.map(read, [launch] * 2 * THREADS)} == {200}
        silent.on("/Patient/p1", keep_silent)
        hung = [pool.submit(read, launch) for _ in range(THREADS)]
        all_asked.wait(PATIENCE_SECONDS)
        since = time.monotonic()
        # No thread is free until reads are given up.
        assert Browser().get(f"{app.origin}/launch/health").status == 200
        # Now the first reads hang, and a moment later the last one does.
        time.sleep(max(0.0, since + HANGING_SECONDS + 1.0 - time.monotonic()))
        asked = len(silent.received)
        further = read(launch)
        assert (further.status, further.code) == (503, "overloaded")
        assert further.header("Retry-After") == "1"
        # A pending launch isn't consumed.
        assert app.answer(begun, silent, newcomer).code == "overloaded"
        assert len(silent.received) == asked
        assert app.launch(app.scripted.tenant()).callback.status == 303
        assert read(healthy).status == 200
        speak.set()
        answers = [one.result() for one in hung]
    assert app.answer(begun, silent, newcomer).status == 303
    statuses = Counter(one.status for one in answers)
    # A quarter of the threads is the session's part.
    assert statuses[200] >= THREADS // 4
    assert statuses[503] >= 1
    assert statuses.total() == statuses[200] + statuses[503]
    assert {one.code for one in answers if one.status == 503} == {"overloaded"}
