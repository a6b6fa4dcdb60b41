"""The JSON Schema of a document: what an editor completes and complains by; it accepts what `load` accepts in form."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from mtlspec.spec.activations import Activation
from mtlspec.spec.data import Encoder, Missing, Split
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.kind import Kind
from mtlspec.spec.layers import Layer
from mtlspec.spec.losses import Loss, Prediction
from mtlspec.spec.optimizers import Clipping, Optimizer
from mtlspec.spec.schedules import Schedule
from mtlspec.spec.spec import Spec
from mtlspec.spec.training import Phases

FAMILIES: tuple[type[Kind], ...] = (
    Layer,
    Activation,
    Initializer,
    Loss,
    Prediction,
    Optimizer,
    Clipping,
    Schedule,
    Phases,
    Encoder,
    Missing,
    Split,
)
"""Every family of kinds."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a document, with the kinds that are known now."""
    mode: JsonSchemaMode = "validation"
    models = [(Spec, mode)]
    models += [(kind, mode) for family in FAMILIES for kind in family.kinds.values()]  # type: ignore[misc]
    _, top = models_json_schema(models, ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = top["$defs"]
    for family in FAMILIES:
        for kind in family.kinds.values():
            required = [name for name in definitions[kind.__name__].get("required", []) if name != "kind"]
            definitions[kind.__name__]["required"] = ["kind", *required]
        definitions[family.__name__] = _definition(family)
    spec = definitions.pop("Spec")
    linked: dict[str, Any] = _linked({**spec, "title": "mtlspec document", "$defs": definitions})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **linked}


def _definition(family: type[Kind]) -> dict[str, Any]:
    """Return one entry for each kind, and the bare names of those that need nothing more."""
    alone = []
    for name, kind in family.kinds.items():
        if not any(field.is_required() for field in kind.model_fields.values()):
            alone.append(name)
    kinds = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in family.kinds.values()]
    return {"anyOf": [*([{"enum": sorted(alone)}] if alone else []), *kinds], "description": family.__doc__}


def _linked(item: Any) -> Any:
    """Return `item` with the marks of families replaced by references to their definitions."""
    if isinstance(item, dict):
        if "x-family" in item:
            return {"$ref": f"#/$defs/{item['x-family']}"}
        return {key: _linked(value) for key, value in item.items()}
    return [_linked(value) for value in item] if isinstance(item, list) else item
