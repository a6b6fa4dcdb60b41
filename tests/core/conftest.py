from __future__ import annotations

import pytest
from baseline_runs import InThisProcess
from command_line import CommandLine


@pytest.fixture
def mtlspec(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line."""
    return CommandLine(capsys)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> InThisProcess:
    """Make the runs of comparisons in this process, and count them."""
    made = InThisProcess()
    monkeypatch.setattr("mtlspec.baselines.runs.running", made)
    return made
