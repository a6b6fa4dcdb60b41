"""Reports: JSON Lines with a header, a line per case and level, and a footer, without which it is no report."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from mtlspec.backend import Backend
from mtlspec.errors import MtlspecError
from mtlspec_conformance.measure import FLOOR, LIMIT
from mtlspec_conformance.suite import digest
from mtlspec_conformance.verdicts import Result, counts

FORMAT = 1
FLAGS = ("OMP_NUM_THREADS", "TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "CUDA_VISIBLE_DEVICES", "KERAS_BACKEND")
"""Variables of the environment that move the last digits."""


class ReportError(MtlspecError):
    """A file is no whole report."""


def header(backend: Backend, *, device: str = "cpu") -> dict[str, Any]:
    """Return what a reader needs to judge the results: versions, device, threads, and which suite it was."""
    return {
        "report": FORMAT,
        "backend": backend.name,
        "case_set": digest(),
        "precision": "float64",
        "limit": LIMIT,
        "floor": FLOOR,
        "device": device,
        "threads": os.environ.get("OMP_NUM_THREADS", "unset"),
        "flags": {name: os.environ[name] for name in FLAGS if name in os.environ},
        "python": platform.python_version(),
        "versions": _versions(backend),
    }


def _versions(backend: Backend) -> dict[str, str]:
    """Return the versions of the distributions that mtlspec, the backend and its framework come from."""
    owners = packages_distributions()
    own = type(backend).__module__.partition(".")[0]
    loaded = {name for name in ("numpy", "torch", "keras", "tensorflow", "jax") if name in sys.modules}
    found = {}
    for name in sorted({"mtlspec", own} | loaded):
        for distribution in owners.get(name, [name]):
            try:
                found[distribution] = version(distribution)
            except PackageNotFoundError:  # run from a folder that nobody installed
                found[distribution] = "not installed"
    return found


def footer(results: list[Result], *, untested: Iterable[str], complaints: Iterable[str]) -> dict[str, Any]:
    """Return the counts of all verdicts, what no case exercises, and what is wrong with the deviations."""
    return {
        "footer": True,
        "of": len(results),
        "counts": counts(results),
        "untested": list(untested),
        "complaints": list(complaints),
    }


def write(path: Path, *, header: Mapping[str, Any], results: Iterable[Result], footer: Mapping[str, Any]) -> None:
    """Write a report, as a whole or not at all."""
    lines = [header, *(result.to_json() for result in results), footer]
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8")
    temporary.replace(path)


def read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Return header, lines and footer of the report at `path`.

    Raises:
        ReportError: it has no header or no footer, or its counts are not those of its lines.
    """
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if not lines or lines[0].get("report") != FORMAT:
        raise ReportError(f"{path}: expected a header with report: {FORMAT} in the first line")
    if len(lines) < 2 or lines[-1].get("footer") is not True:
        raise ReportError(f"{path}: no footer: the run was cut off, and its verdicts are not a result")
    first, body, last = lines[0], lines[1:-1], lines[-1]
    counted = {verdict: sum(line["verdict"] == verdict for line in body) for verdict in last["counts"]}
    if last["of"] != len(body) or counted != last["counts"]:
        raise ReportError(f"{path}: the footer counts {last['of']} results, the file has {len(body)}: {counted}")
    return first, body, last
