"""The command `smart-calc`, also as `python -m smart_calc`. Older Pythons can read this file."""

import sys

_NEEDED = (3, 11)
_TOO_OLD = "smart-calc needs Python 3.11 or newer. %s is Python %d.%d.\n"


def main():  # type: ignore[no-untyped-def] # noqa: ANN201 - Python 2 can read it
    """Run the command and return its exit status."""
    if sys.version_info < _NEEDED:
        sys.stderr.write(_TOO_OLD % (sys.executable, sys.version_info[0], sys.version_info[1]))
        return 1
    from smart_calc import command

    return command.main(sys.argv[1:])


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        # `-m` puts the current folder first, but a project's modules must not shadow smart-calc's.
        del sys.path[0]
    sys.exit(main())  # type: ignore[no-untyped-call]
