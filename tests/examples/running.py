"""The examples, and the command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
BACKENDS = ["numpy", "torch", "keras"]


def mtlspec(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run([sys.executable, "-P", "-m", "mtlspec", *arguments], capture_output=True, text=True)
