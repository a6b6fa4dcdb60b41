"""Documents: specs as YAML or JSON, read with the place of every mistake and written without loss."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarint import ScalarInt

from mtlspec.errors import MtlspecError, Problem, SpecError
from mtlspec.spec.spec import Spec
from mtlspec.spec.value import Location

Format = Literal["yaml", "json"]


def load(path: str | Path) -> Spec:
    """Return the spec in the file at `path`: JSON if it ends in .json, otherwise YAML.

    Raises:
        SpecError: the document is not a spec; it has every mistake, with line and column.
        MtlspecError: the file cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MtlspecError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    return parse(text, file=str(path), format="json" if path.suffix == ".json" else "yaml")


def parse(text: str, *, file: str = "document", format: Format = "yaml") -> Spec:
    """Return the spec that `text` describes; `file` is what errors call it.

    Raises:
        SpecError: it is not a spec.
    """
    marked = _parsed_json(text, file) if format == "json" else _parsed_yaml(text, file)
    if not isinstance(marked, dict):
        raise SpecError(file, (Problem("expected a mapping with inputs:, blocks: and tasks:", "", 1, 1),))
    try:
        return Spec.model_validate(_plain(marked))
    except ValidationError as error:
        raise SpecError(file, tuple(_problem(item, marked) for item in _telling(error.errors()))) from None


def _telling(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return `errors` without the length complaints that pydantic adds where an item of a list was refused."""
    places = [item["loc"] for item in errors]
    return [
        item
        for item in errors
        if item["type"] != "too_short"
        or not any(len(at) > len(item["loc"]) and at[: len(item["loc"])] == item["loc"] for at in places)
    ]


def render(spec: Spec, *, format: Format = "yaml", explicit: bool = True) -> str:
    """Return the document of `spec`, with `explicit` every field and law spelled out."""
    document = spec.to_document(explicit=explicit)
    if format == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 110
    stream = io.StringIO()
    yaml.dump(_with_short_lists_in_a_line(document), stream)
    return stream.getvalue()


def _with_short_lists_in_a_line(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _with_short_lists_in_a_line(value) for key, value in item.items()}
    if isinstance(item, list):
        items = CommentedSeq(_with_short_lists_in_a_line(value) for value in item)
        if not any(isinstance(value, dict | list) for value in item):
            items.fa.set_flow_style()
        return items
    return item


def _parsed_yaml(text: str, file: str) -> Any:
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        message = (error.problem or "is not YAML").splitlines()[0]
        raise SpecError(file, (Problem(message, "", line, column),)) from None
    except YAMLError as error:
        raise SpecError(file, (Problem(str(error).splitlines()[0], "", 1, 1),)) from None
    except RecursionError:
        raise SpecError(file, (Problem("it is nested too deeply", "", 1, 1),)) from None


def _parsed_json(text: str, file: str) -> Any:
    try:
        content = json.loads(text, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        raise SpecError(file, (Problem(error.msg, "", error.lineno, error.colno),)) from None
    except _DuplicateKeyError as error:
        raise SpecError(file, (Problem(f"duplicate key {error.args[0]!r}", "", 1, 1),)) from None
    except RecursionError:
        raise SpecError(file, (Problem("it is nested too deeply", "", 1, 1),)) from None
    try:
        return YAML(typ="rt").load(text)  # JSON is YAML 1.2; this gives the places
    except (YAMLError, RecursionError):
        return content


class _DuplicateKeyError(ValueError):
    """A JSON object has a key twice."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _DuplicateKeyError(key)
        content[key] = value
    return content


def _plain(item: Any) -> Any:
    """Return what the YAML reader made as plain dicts, lists and scalars."""
    if isinstance(item, dict):
        return {key: _plain(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_plain(value) for value in item]
    if isinstance(item, TaggedScalar):
        return item.value
    if isinstance(item, ScalarFloat):
        return float(item)
    if isinstance(item, ScalarInt):
        return int(item)
    return str(item) if isinstance(item, str) else item


def _problem(error: ErrorDetails, document: Any) -> Problem:
    line, column = _place(error["loc"], document)
    message = error["msg"].replace("Input should be", "expected").replace("a valid tuple", "a list")
    if error["type"] == "string_pattern_mismatch":
        message = "expected a letter, then letters (a to z), digits or underscores"
    found = ""
    if error["type"] == "missing":
        message = f"expected `{error['loc'][-1]}:`, which is required"
    elif not isinstance(error["input"], dict | list | tuple | None.__class__) and error["type"] != "kind":
        found = _shortened(repr(error["input"]))
    return Problem(message, key_path(error["loc"], document), line, column, found)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def key_path(location: Location, document: Any) -> str:
    """Return the key path of a place in a document: names for named items, `[i]` for others."""
    path, item = "", document
    for part in location:
        item = _inside(item, part)
        name = item.get("name") if isinstance(item, dict) and isinstance(part, int) else None
        if isinstance(name, str):
            path += f".{name}"
        else:
            path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".")


def _inside(item: Any, part: str | int) -> Any:
    if isinstance(item, dict) and part in item:
        return item[part]
    if isinstance(item, list | tuple) and isinstance(part, int) and part < len(item):
        return item[part]
    return None


def _place(location: Location, document: Any) -> tuple[int | None, int | None]:
    """Return line and column, from 1, of the innermost part of `location` that the document has."""
    if not isinstance(document, CommentedMap | CommentedSeq):
        return None, None
    line, column = document.lc.line, document.lc.col
    item: Any = document
    for part in location:
        place = None
        if isinstance(item, CommentedMap) and part in item:
            place = item.lc.key(part)
        elif isinstance(item, CommentedSeq) and isinstance(part, int) and part < len(item):
            place = item.lc.item(part)
        if place is None:  # not in the document, or inside a tagged value, of which the reader keeps no places
            break
        (line, column), item = place, item[part]
    return line + 1, column + 1
