"""The command `preflight`, and `python -m preflight`."""

from __future__ import annotations

import sys

from preflight import __version__


def main() -> None:
    """Run the command line. `--version` answers before anything that costs time is loaded."""
    if sys.argv[1:] == ["--version"]:
        print(f"preflight {__version__}")  # noqa: T201 - the answer
        return
    from preflight.cli import main as run  # noqa: PLC0415

    sys.exit(run())


if __name__ == "__main__":
    main()
