"""The command `preflight`, and `python -m preflight`."""

from __future__ import annotations

import gc
import sys

from preflight import __version__


def main() -> None:
    """Run the command line. `--version` answers before anything that costs time is loaded."""
    if sys.argv[1:] == ["--version"]:
        print(f"preflight {__version__}")  # noqa: T201 - the answer
        return
    from preflight.real.signals import heed_from_now_on  # noqa: PLC0415

    heed_from_now_on(serves=sys.argv[1:2] == ["serve"])
    gc.disable()  # nothing that loading makes is garbage: looking for it costs a tenth of the start
    from preflight.cli import main as run  # noqa: PLC0415

    code = run()
    gc.freeze()  # nor is the end the time to look
    sys.exit(code)


if __name__ == "__main__":
    main()
