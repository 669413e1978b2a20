"""The files of a user who stands in the lab, read as a user's are."""

from __future__ import annotations

from pathlib import Path

import msgspec

from preflight.demo.lab import Lab
from preflight.inputs.options import Options
from preflight.inputs.select import Loaded, load
from preflight.model import Input


def load_lab(lab: Lab, folder: Path, options: Options | None = None) -> Loaded:
    """What `preflight run` would make of the lab's manifests and proxy file, written into `folder`; AWS is what the lab recorded."""
    (folder / "anthos-gke.yaml").write_text(lab.manifest, encoding="utf-8")
    proxy = folder / "proxy.json"
    proxy.touch(mode=0o600)
    proxy.write_text(lab.proxy_json, encoding="utf-8")
    loaded = load(options or Options(timeout=lab.scenario.timeout, enable=lab.scenario.enable, vantage="demo"), {}, folder)
    inputs = (Input(each.name, "the lab's throw-away CA", "demo") if each.name == "trust store" else each for each in loaded.declared.inputs)
    declared = msgspec.structs.replace(loaded.declared, inputs=tuple(inputs))
    return msgspec.structs.replace(loaded, aws_facts=lab.facts(loaded.plan.scope(declared)), declared=declared)
