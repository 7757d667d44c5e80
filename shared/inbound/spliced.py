"""A response body made of several parts, which is sent without copying them into one."""

from collections.abc import Callable, Iterator

from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Spliced:
    """The parts in their order."""

    parts: tuple[bytes | memoryview, ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[bytes]:
        yield b"".join(self.parts)

    def pieces(self, room: Callable[[int], int]) -> Iterator[bytes]:
        """Yield the bytes in pieces. `room` returns the size of the next one, at least 1, for the
        number of bytes that are left.
        """
        left = len(self)
        waiting: list[memoryview] = []
        free = room(left)
        for part in self.parts:
            rest = memoryview(part)
            while rest:
                taken, rest = rest[:free], rest[free:]
                waiting.append(taken)
                left -= len(taken)
                free -= len(taken)
                if not free:
                    yield b"".join(waiting)
                    waiting, free = [], left and room(left)
        if waiting:
            yield b"".join(waiting)
