"""Calls made at the same time, each in the context of its caller, all within one deadline."""

import contextvars
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def run_all(calls: Sequence[Callable[[], T]], until: float) -> list[T | None]:
    """The result of each call, None for one that is not back at `until` (monotonic clock).

    Raises what a call raises. A call that is late is left to end by its own deadline.
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
