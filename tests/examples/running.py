"""The examples, and the command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"
FLIGHTS = FOLDER / "flights.yaml"
EXAMPLES = sorted(set(FOLDER.glob("*.yaml")) - {FLIGHTS})  # whose 337 thousand rows take minutes: see test_flights.py
BACKENDS = ["numpy", "torch", "keras"]


def mtlspec(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run([sys.executable, "-P", "-m", "mtlspec", *arguments], capture_output=True, text=True)
