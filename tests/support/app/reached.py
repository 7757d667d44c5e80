"""What the objects of a project's function lead to."""

import gc
import types
from collections.abc import Iterator


def reached(*start: object) -> Iterator[object]:
    """Whatever attributes, hidden ones, items, closures and the frames of tracebacks lead to; not
    modules, and not the globals of functions, through which Python leads anywhere.
    """
    seen: dict[int, object] = {}
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, types.ModuleType | types.CodeType):
            continue
        seen[id(one)] = one
        yield one
        waiting += _parts(one)


def _parts(one: object) -> Iterator[object]:
    if isinstance(one, types.TracebackType):
        yield from one.tb_frame.f_locals.values()
        yield one.tb_next
    elif isinstance(one, types.FunctionType):
        yield from (cell.cell_contents for cell in one.__closure__ or ())
        yield from (one.__defaults__, one.__kwdefaults__, one.__dict__)
    elif isinstance(one, type):
        yield from vars(one).values() if one.__module__.startswith("smart_calc") else ()
    elif not isinstance(one, types.FrameType):
        # Every slot and member, and what a bound method is bound to.
        yield from gc.get_referents(one)
