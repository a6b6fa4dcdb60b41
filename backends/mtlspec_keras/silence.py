"""Silence: what TensorFlow logs, does not matter here, and no variable turns off."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_ERROR = 2
_LOG_LINE = re.compile(rb"[IWE]\d{4} |WARNING: All log messages before absl::InitializeLog\(\)")


def without_retracing_warnings(logger: logging.Logger) -> None:
    """Leave out of `logger` what TensorFlow says of functions that it traces often.

    It counts by code, not by function: each program traces the same code once, for a signature of its own.
    """
    logger.addFilter(lambda record: "triggered tf.function retracing" not in record.getMessage())


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
