"""Writes laws.md: every law of the spec, its values, and what `like:` makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import laws_of
from mtlspec.spec.schema import FAMILIES

HEAD = """# Laws

A law is a point on which frameworks differ. It is always a field of the document: what you write wins, and what you
leave open is filled by the top-level `like:`. `published` is the paper's form, `keras` what Keras 3 does, `torch` what
PyTorch does, so a document can say "as my Keras model does" and PyTorch obeys. `mtlspec render` prints a document with
every one of them written out. This page is made by `docs/make_laws.py` from the spec itself.

| where | field | values | `published` | `keras` | `torch` |
| --- | --- | --- | --- | --- | --- |
"""

REASONS = """
## Fields whose meaning frameworks spell differently

These are no laws, since one number says the same to both; the adapters translate it.

| field | in Keras | in PyTorch |
| --- | --- | --- |
| `running_average_keeps: 0.9` | `momentum=0.9` | `momentum=0.1` |
| `penalty: {l2: x}` is x·Σw² | `regularizers.L2(x)` | coupled `weight_decay=2x` |
| `padding: same` with a stride | `padding="same"` | explicit padding, the odd zero after |
| sample weights, and `class_weights` that apply to examples | `sample_weight` | per-example weights |
| `from: {kind: probabilities, renormalized: true}` | integer targets after a softmax | none |
| kernels (in, out), images channels last | as they are | transposed, permuted views |
"""


def rows() -> Iterator[str]:
    """Yield a line of the table for each law of each kind."""
    for family in FAMILIES:
        for kind in family.kinds.values():
            for name, field in kind.model_fields.items():
                laws = laws_of(field)
                if laws is not None and any(laws[like] != laws["published"] for like in ("keras", "torch")):
                    yield _row(family, kind, name, field, laws)


def _row(family: type[Kind], kind: type[Kind], name: str, field: FieldInfo, laws: dict[str, object]) -> str:
    where = f"{family.family} `{kind.model_fields['kind'].default}`"
    cells = [where, f"`{name}`", _values(field), *(_text(laws[like]) for like in ("published", "keras", "torch"))]
    return f"| {' | '.join(cells)} |\n"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    return {float: "a number", bool: "`true`, `false`"}.get(field.annotation, "any initializer")  # type: ignore[arg-type]


def _text(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def page() -> str:
    """Return the page as Markdown."""
    return HEAD + "".join(rows()) + REASONS


if __name__ == "__main__":
    Path(__file__).with_name("laws.md").write_text(page(), encoding="utf-8")
