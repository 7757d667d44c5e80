"""The running searches of one page: all start at once, and each result is used when it arrives.

A search without a result at the deadline counts as late. It isn't stopped, and ends by its own
deadline.
"""

import contextvars
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from clinical.queries import Search
from shared.fhir.reader import Reader
from shared.frozen import dataclass

from .search import LATE, Part, run

# Results within this time of the first are used together with it.
_TOGETHER_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The searches that `begin` started. Iterate to the end, or call `close`."""

    pool: ThreadPoolExecutor
    running: Mapping[Future[Part], Search]
    until: float

    def wait_for_the_first(self, seconds: float) -> None:
        """Wait up to `seconds` for the first search to end, and raise its error if it failed."""
        done, _ = wait(self.running, seconds, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()

    def __iter__(self) -> Iterator[Mapping[str, Part]]:
        """Yield everything that has arrived, by search name, each time that more arrives.

        Raises the error of a search, which means that the session has ended.
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
            # In the order of the searches, regardless of the order of arrival.
            names = (search.name for search in self.running.values())
            yield {name: parts[name] for name in names if name in parts}

    def close(self) -> None:
        """Stop waiting, and cancel searches that haven't started."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def begin(reader: Reader[Search], searches: Sequence[Search]) -> Arrivals:
    """Start all searches, each in the caller's context."""
    pool = ThreadPoolExecutor(len(searches))
    running = {
        pool.submit(contextvars.copy_context().run, run, reader, search): search
        for search in searches
    }
    return Arrivals(pool, running, reader.until)
