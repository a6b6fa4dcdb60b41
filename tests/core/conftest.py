from __future__ import annotations

import pytest
from command_line import CommandLine


@pytest.fixture
def mtlspec(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line."""
    return CommandLine(capsys)
