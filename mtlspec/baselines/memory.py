"""Memory: the most that this process has held at once."""

from __future__ import annotations

import re
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
HIGH_WATER = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def most_memory() -> int | None:
    """Return the largest resident set of this process so far, in bytes; None on a system that does not tell.

    Linux tells that of the program in /proc; `getrusage`, which other systems have, counts on Linux what the process
    was before it became this program, too.
    """
    if STATUS.exists():
        found = HIGH_WATER.search(STATUS.read_text(encoding="utf-8"))
        return None if found is None else int(found[1]) * 1024
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
