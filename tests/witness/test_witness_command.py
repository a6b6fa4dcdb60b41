"""The commands on witnesses tell bad input before anything is built, and exit with 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from witness_data import houses, saved

from mtlspec.cli import app

PROGRAMS = Path(__file__).parent / "wrong_programs.py"


def refused(capture: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What a command that exits with 2 says."""
    with pytest.raises(SystemExit) as left:
        app([str(argument) for argument in arguments], prog_name="mtlspec")
    assert left.value.code == 2
    return capture.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify"], "name one document, or two witnesses"),
        (["verify", "--witness", "torch=a.py:build"], "expected --witness twice, found it 1 times"),
        (["verify", "--witness", "torch=a.py", "--witness", "b"], "expected FRAMEWORK=FILE:FUNCTION, such as keras="),
        (["verify", "--witness", "torch=a.py:b", "--witness", "keras=a.py:b"], "--batches FILE.npz"),
        (["verify", "a.yaml", "--witness", "torch=a.py:b"], "expected either --witness or files, found both: a.yaml"),
        (["verify", "a.record"], "expected two records to compare, found 1: a.record"),
        (["verify", "a.record", "b.record"], "a.record: No such file or directory"),
        (["verify", "a.yaml", "--precision", "as_built"], "--precision as_built is for witnesses"),
        (
            ["record", "--witness", "torch=a.py:b", "-o", "none/a.record", "--batches", "b.npz"],
            "there is no folder none",
        ),
        (["record", "--witness", "torch=a.py:b", "-o", "a.record"], "--batches FILE.npz"),
    ],
)
def test_bad_input_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in refused(capsys, *arguments)


def test_what_the_program_raises_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    batches = saved(tmp_path / "houses.npz", houses())
    target = tmp_path / "a.record"
    said = refused(capsys, "record", "--witness", f"torch={PROGRAMS}:raising", "--batches", batches, "-o", target)
    assert "raised NameError: name 'undefined_name' is not defined" in said
    assert "in raising" in said
    assert not target.exists()
