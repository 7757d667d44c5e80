"""Make concurrent calls, each in the context of its caller, with one deadline for all."""

import contextvars
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def run_all(calls: Sequence[Callable[[], T]], until: float) -> list[T | None]:
    """Return the result of each call, or None for a call that hasn't finished at `until` (monotonic
    clock).

    Raise the error of a call. A late call continues until its own deadline.
    """
    pool = ThreadPoolExecutor(len(calls))
    try:
        running = [pool.submit(contextvars.copy_context().run, call) for call in calls]
        wait(running, max(0.0, until - time.monotonic()), return_when=FIRST_EXCEPTION)
        for future in running:
            if future.done() and (error := future.exception()) is not None:
                raise error
        return [future.result() if future.done() else None for future in running]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
