"""The searches of one page under way, all begun at once, each taken as it comes.

A search that is not back at the deadline counts as late; it is left to end by its own deadline.
"""

import contextvars
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from clinical.queries import Search

from .search import LATE, Part, Reader

# What comes within so short a time of the first is taken with it.
_TOGETHER_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What `begin` began. Ended by iterating to the end, or by `close`."""

    pool: ThreadPoolExecutor
    running: Mapping[Future[Part], Search]
    until: float

    def wait_for_the_first(self, seconds: float) -> None:
        """Wait a moment for the first search to end. Raises what it raised."""
        done, _ = wait(self.running, seconds, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()

    def __iter__(self) -> Iterator[Mapping[str, Part]]:
        """All that has come so far, by the search's name, each time that more has come.

        Raises what a search raises: the session is over.
        """
        parts: dict[str, Part] = {}
        pending = set(self.running)
        while pending:
            left = max(0.0, self.until - time.monotonic())
            done, pending = wait(pending, left, return_when=FIRST_COMPLETED)
            if done and pending:
                more, pending = wait(pending, min(left, _TOGETHER_SECONDS))
                done |= more
            for future in done or pending:
                search = self.running[future]
                late = Part(problem=LATE, unanswered=search.answers)
                parts[search.name] = future.result() if future in done else late
            if not done:
                pending = set()
            # In the order of the searches, whatever the order in which they came.
            names = (search.name for search in self.running.values())
            yield {name: parts[name] for name in names if name in parts}

    def close(self) -> None:
        """Wait for nothing more."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def begin(reader: Reader, searches: Sequence[Search]) -> Arrivals:
    """Begin all searches, each in the context of the caller."""
    pool = ThreadPoolExecutor(len(searches))
    running = {
        pool.submit(contextvars.copy_context().run, reader.run, search): search
        for search in searches
    }
    return Arrivals(pool, running, reader.until)
