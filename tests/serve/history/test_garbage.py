"""What a run leaves behind has to be collected, for months."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.lab import closed_port
from tests.serve.running import command, environment, started

_ASKED = """
import atexit, gc, sys
atexit.register(lambda: print(f"collecting={gc.isenabled()}", file=sys.stderr))
from preflight.__main__ import main
main()
"""


def test_garbage_is_collected_while_it_serves(tmp_path: Path) -> None:
    """Loading goes without; failed walks leave cycles, and nobody else would ever free them."""
    (tmp_path / "proxy.json").write_text(json.dumps({"httpProxy": f"http://127.0.0.1:{closed_port()}", "noProxy": "169.254.169.254"}))
    interpreter, _module, _preflight, *args = command("--proxy-file", "proxy.json", "--region", "us-west-1", "--no-history")
    assert interpreter == sys.executable
    with started([interpreter, "-c", _ASKED, *args], tmp_path, environment(tmp_path, {})) as service:
        assert service.end() == 0
        assert "collecting=True" in service.log
