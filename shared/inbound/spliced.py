"""A response body made of several parts, which is sent without copying them into one."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.inbound.slow_readers import PIECE_BYTES


@dataclass(frozen=True, slots=True)
class Spliced:
    """The parts in their order. Iterating yields the chunks to send."""

    parts: tuple[bytes | memoryview, ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[bytes]:
        waiting: list[memoryview] = []
        room = PIECE_BYTES
        for part in self.parts:
            left = memoryview(part)
            while left:
                waiting.append(left[:room])
                room -= len(waiting[-1])
                left = left[len(waiting[-1]) :]
                if not room:
                    yield b"".join(waiting)
                    waiting, room = [], PIECE_BYTES
        if waiting:
            yield b"".join(waiting)
