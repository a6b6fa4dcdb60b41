"""A process of one run: a module with a folder to read from and write to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
"""The processes share the machine; what TensorFlow tells while it starts is no error."""
TOLD_LINES = 40
"""How many lines of a failed process's last words an error repeats."""


@contextmanager
def running(module: str, folder: Path, sources: Iterable[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the process of `python -m module folder sources...`; it is gone after the block, also when left early."""
    command = [sys.executable, "-P", "-m", module, str(folder), *sources]
    modules = os.pathsep.join(path for path in sys.path if path)  # the backends that are found here are found there
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": modules}
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def last_words(folder: Path) -> str:
    """Return the end of what the process of `folder` complained of."""
    told = (folder / "stderr").read_text(encoding="utf-8", errors="replace").strip()
    return "\n".join(told.splitlines()[-TOLD_LINES:])
