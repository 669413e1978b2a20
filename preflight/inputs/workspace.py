"""Whether what the installer made of the manifests is still what they say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from preflight.inputs.documents import Document, remark
from preflight.inputs.manifests.fields import MANAGEMENT
from preflight.inputs.problem import Remarks, Where

STATUS: Final = "anthos-gke.status.yaml"
"""What `anthos-gke aws management init` writes beside the manifest, from the manifest and the proxy file. `apply` reads this one."""


def lint_status(documents: Iterable[Document], remarks: Remarks) -> None:
    """Remark a status file that is older than what it was made from. Only the times of the files are looked at."""
    for document in documents:
        made = _modified(document.file.parent / STATUS) if document.kind == MANAGEMENT else None
        if made is None:
            continue
        sources = {document.where.file: document.file}
        proxy = document.one("proxy")
        if proxy:
            sources[f"the file of `{proxy.field}`"] = document.file.parent / proxy.text
        newer = [name for name, path in sources.items() if (_modified(path) or made) > made]
        if newer:
            message = f"{STATUS} is older than {' and '.join(newer)}, so an installation would apply what they said before"
            remark(remarks, "input.stale-status", Where(document.where.file), message, "run `anthos-gke aws management init` again, then `apply`")


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except (OSError, ValueError):
        return None
