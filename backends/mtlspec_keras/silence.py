"""Silence: what TensorFlow's libraries log while they load, and no variable turns off."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_ERROR = 2
_LOG_LINE = re.compile(rb"[IWE]\d{4} |WARNING: All log messages before absl::InitializeLog\(\)")


@contextmanager
def quiet_load() -> Iterator[None]:
    """Hold back standard error, and leave out the lines that TensorFlow's libraries log below fatal.

    TF_CPP_MIN_LOG_LEVEL does not reach them (tensorflow#100442). After an error everything is shown,
    unless a module is missing.
    """
    sys.stderr.flush()
    shown = os.dup(STANDARD_ERROR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), STANDARD_ERROR)
        dropped = _LOG_LINE
        try:
            yield
        except ModuleNotFoundError:
            raise
        except BaseException:
            dropped = re.compile(rb"(?!)")
            raise
        finally:
            sys.stderr.flush()
            os.dup2(shown, STANDARD_ERROR)
            os.close(shown)
            held.seek(0)
            for line in held:
                if not dropped.match(line):
                    os.write(STANDARD_ERROR, line)
