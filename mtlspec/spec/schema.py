"""The JSON Schema of a document: what an editor completes and complains by; it accepts what `load` accepts in form."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from mtlspec.spec.activations import Activation
from mtlspec.spec.constraints import Constraint
from mtlspec.spec.data import Encoder, Missing
from mtlspec.spec.decay import Decay
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.kind import DOTTED, Kind
from mtlspec.spec.layers import Layer
from mtlspec.spec.losses import Loss, Prediction
from mtlspec.spec.metrics import Metric
from mtlspec.spec.optimizers import Clipping, Optimizer
from mtlspec.spec.schedules import Schedule
from mtlspec.spec.spec import Spec
from mtlspec.spec.split import Split
from mtlspec.spec.training import Phases
from mtlspec.spec.value import Value

FAMILIES: tuple[type[Kind], ...] = (
    Layer,
    Activation,
    Initializer,
    Loss,
    Prediction,
    Optimizer,
    Clipping,
    Decay,
    Constraint,
    Schedule,
    Phases,
    Encoder,
    Missing,
    Split,
    Metric,
)
"""Every family of kinds."""
DEFINITIONS = "#/$defs/"
EXTENSIBLE: tuple[type[Kind], ...] = (Layer, Loss, Optimizer)
"""Those to which a user may add."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a document, with the kinds that are known now."""
    mode: JsonSchemaMode = "validation"
    models = [(Spec, mode)]
    models += [(kind, mode) for family in FAMILIES for kind in family.kinds.values()]  # type: ignore[misc]
    references, top = models_json_schema(models, ref_template=f"{DEFINITIONS}{{model}}")
    definitions: dict[str, Any] = top["$defs"]
    for cls in _values(Value):
        _describe(definitions.get(cls.__name__, {}), cls)
    for family in FAMILIES:
        places = [str(references[kind, mode]["$ref"]) for kind in family.kinds.values()]
        for place in places:
            own = definitions[place.removeprefix(DEFINITIONS)]
            own["required"] = ["kind", *(name for name in own.get("required", []) if name != "kind")]
        definitions[family.__name__] = _definition(family, places)
    spec = definitions.pop("Spec")
    linked: dict[str, Any] = _linked({**spec, "title": "mtlspec document", "$defs": definitions})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **linked}


def _definition(family: type[Kind], places: list[str]) -> dict[str, Any]:
    """Return one entry for each kind, which stand at `places`, and the bare names of those that need nothing more."""
    alone = []
    for name, kind in family.kinds.items():
        if not any(field.is_required() for key, field in kind.model_fields.items() if key != "kind"):
            alone.append(name)
    kinds = [{"$ref": place} for place in places]
    own = _of_a_user(family) if family in EXTENSIBLE else []
    return {"anyOf": [*([{"enum": sorted(alone)}] if alone else []), *kinds, *own], "description": family.__doc__}


def _of_a_user(family: type[Kind]) -> list[dict[str, Any]]:
    """Return what a kind with a dot has to look like that is not known here, alone or with fields."""
    name: dict[str, Any] = {"type": "string", "pattern": f"^{DOTTED}$"}
    known = [kind for kind in family.kinds if "." in kind]
    name |= {"not": {"enum": known}} if known else {}
    return [name, {"type": "object", "properties": {"kind": name}, "required": ["kind"]}]


def _values(base: type[Value]) -> Iterator[type[Value]]:
    for cls in base.__subclasses__():
        yield cls
        yield from _values(cls)


def _describe(definition: dict[str, Any], cls: type[Value]) -> None:
    """Add to each property the docstring of its field; pydantic's own way costs time at every import."""
    properties = definition.get("properties", {})
    for owner in reversed([base for base in cls.__mro__ if issubclass(base, Value) and base is not Value]):
        for name, text in _field_docstrings(owner).items():
            field = cls.model_fields.get(name)
            entry = properties.get((field.alias if field else None) or name)
            if entry is not None:
                entry["description"] = text


@cache
def _field_docstrings(cls: type[Value]) -> dict[str, str]:
    """Return the fields of the class body that a string follows, with that string."""
    return dict(_docstrings_in(cls))


def _docstrings_in(cls: type[Value]) -> Iterator[tuple[str, str]]:
    try:
        source = inspect.getsource(cls)
    except OSError:  # a class of a user's own that no file has
        return
    body = ast.parse(textwrap.dedent(source)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, text in pairwise(statements):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            yield field.target.id, inspect.cleandoc(text.value.value)


def _linked(item: Any) -> Any:
    """Return `item` with the marks of families replaced by references to their definitions."""
    if isinstance(item, dict):
        if "x-family" in item:
            return {"$ref": f"#/$defs/{item['x-family']}"}
        return {key: _linked(value) for key, value in item.items()}
    return [_linked(value) for value in item] if isinstance(item, list) else item
