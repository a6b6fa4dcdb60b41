"""Sections: the lines of a drafted document, with comments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator

from mtlspec.drafting.findings import Finding
from mtlspec.drafting.roles import MOST_ROWS, Roles

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
NO_TEXTS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""Words that some readers of YAML take for something else."""


def inputs(roles: Roles) -> Iterator[str]:
    """Yield the lines of `inputs:`."""
    yield "inputs:"
    if roles.numbers:
        yield f"  - {{name: numbers, shape: [{len(roles.numbers)}]}}"
    if roles.gaps:
        yield f"  - {{name: gaps, shape: [{2 * len(roles.gaps)}]}} # each column, and whether its cell was empty"
    for finding in roles.lookups:
        yield f"  - {{name: {roles.names[finding.column]}, shape: [], dtype: integer}}"
    for finding in roles.arrays:
        yield f"  - {{name: {roles.names[finding.column]}, shape: {list(finding.shape)}}}"


def blocks(roles: Roles) -> Iterator[str]:
    """Yield the lines of `blocks:`."""
    read = []
    yield "blocks:"
    if roles.numbers or roles.gaps:
        names = [name for name, there in (("numbers", roles.numbers), ("gaps", roles.gaps)) if there]
        yield f"  - {{name: scaled, inputs: [{', '.join(names)}], layers: [normalization]}} # mean 0, variance 1"
        read.append("scaled")
    for finding in roles.lookups:
        name = roles.names[finding.column]
        table = f"{{kind: embedding, rows: {rows_of(finding)}, units: {units_of(finding)}}}"
        yield f"  - {{name: of_{name}, inputs: [{name}], layers: [{table}]}}"
        read.append(f"of_{name}")
    for finding in roles.arrays:
        name = roles.names[finding.column]
        hint = " # images: convolutions here learn more from less" if len(finding.shape) == 3 else ""
        yield f"  - {{name: of_{name}, inputs: [{name}], layers: [normalization, flatten]}}{hint}"
        read.append(f"of_{name}")
    yield "  - name: trunk # shared by all tasks"
    yield f"    inputs: [{', '.join(read)}]"
    yield "    layers:"
    yield "      - {kind: dense, units: 64, activation: relu}"
    yield "      - {kind: dense, units: 32, activation: relu}"


def rows_of(finding: Finding) -> int:
    """Return how many rows the embedding of a column needs: one for empty cells, one for unknown values."""
    return 1 + MOST_ROWS if finding.distinct > MOST_ROWS else 2 + finding.distinct


def units_of(finding: Finding) -> int:
    """min(32, 1.6·n^0.56) for n values: the rule of fastai (Howard and Gugger 2020), with a lower limit."""
    return min(32, round(1.6 * math.pow(min(finding.distinct, MOST_ROWS), 0.56)))


def tasks(roles: Roles) -> Iterator[str]:
    """Yield the lines of `tasks:`."""
    if roles.guessed:
        yield "# Nobody said what is to be told: these are the last columns. Name others by `--tasks`, or change this."
    yield "tasks:"
    for finding in roles.tasks:
        units, loss, metrics = head(finding)
        yield f"  - name: {roles.names[finding.column]}"
        yield f"    head: [{{kind: dense, units: {units}}}]"
        doubt = " # whole numbers taken for classes: if they are amounts, 1 unit and squared_error"
        yield f"    loss: {loss}" + (doubt if finding.content == "numbers" and finding.is_lookup else "")
        yield f"    metrics: [{metrics}]"


def head(finding: Finding) -> tuple[int, str, str]:
    """Return the units, the loss and the metrics that fit the labels in a column."""
    if finding.distinct == 2:
        return 1, "sigmoid_cross_entropy", "accuracy, auc"
    if finding.is_lookup:
        return finding.distinct, "softmax_cross_entropy", "accuracy"
    return 1, "squared_error", "mean_absolute_error, r2"


def training(roles: Roles) -> Iterator[str]:
    """Yield the lines of `training:`."""
    yield "training:"
    yield "  optimizer: {kind: adam, learning_rate: 1e-3}"
    yield "  epochs: 20"
    yield f"  batch_size: {32 if roles.tasks[0].rows < 20_000 else 512}"


def data(roles: Roles, *, file: str, split: str) -> Iterator[str]:
    """Yield the lines of `data:`."""
    yield "data:"
    yield f"  file: {quoted(file)}"
    yield "  inputs:"
    if roles.numbers:
        yield from _columns("numbers", roles.numbers, "")
    if roles.gaps:
        yield from _columns("gaps", roles.gaps, "      missing: {kind: impute, by: median, indicator: true}")
    for finding in roles.lookups:
        hashed = f"{{kind: hash_buckets, buckets: {MOST_ROWS}}}"
        encode = hashed if finding.distinct > MOST_ROWS else "vocabulary"
        yield f"  {_entry(roles, finding, encode)} # {finding.told()}"
    for finding in roles.arrays:
        gone = ", missing: drop" if finding.missing else ""
        start = f"    - {{name: {roles.names[finding.column]}, columns: [{quoted(finding.column)}]{gone}}}"
        yield f"{start} # {finding.told()}"
    for finding, reason in roles.left_out:
        yield f"    # left out: {quoted(finding.column)} ({finding.told()}); {reason}"
    yield "  targets: # an empty cell is an absent label; no input may be known only after what is to be told"
    for finding in roles.tasks:
        yield f"  {_entry(roles, finding, encoding(finding))} # {finding.told()}"
    if split:
        yield f"  split: {split}"


def encoding(finding: Finding) -> str:
    """Return how the labels in a column are read."""
    if finding.values == ("0", "1"):
        return "numeric"
    if finding.distinct == 2 or finding.is_lookup:
        return "vocabulary"
    power = round(math.log10(finding.spread)) if finding.spread else 0
    return f"{{kind: numeric, scale: 1e{-power}}}" if power else "numeric"


def quoted(text: str) -> str:
    """Return a text as YAML reads it back."""
    if PLAIN.fullmatch(text) and text.lower() not in NO_TEXTS:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _entry(roles: Roles, finding: Finding, encode: str) -> str:
    return f"  - {{name: {roles.names[finding.column]}, columns: [{quoted(finding.column)}], encode: {encode}}}"


def _columns(name: str, found: Iterable[Finding], more: str) -> Iterator[str]:
    yield f"    - name: {name}"
    if more:
        yield more
    yield "      columns:"
    for finding in found:
        yield f"        - {quoted(finding.column)} # {finding.told()}"
