"""Content of a value: plain data that reads back as the same value, and the digest of its meaning."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import field_adapter
from mtlspec.spec.value import Value


def document_of(value: Any, *, explicit: bool = False) -> Any:
    """Return `value` as plain data: the fields that were given, or with `explicit` every field and law."""
    if isinstance(value, tuple):
        return [document_of(item, explicit=explicit) for item in value]
    if not isinstance(value, Value):
        return value
    content = {}
    for name, field in type(value).model_fields.items():
        item = getattr(value, name)
        if name in ("kind", "mtlspec") or name in value.model_fields_set or (explicit and item is not None):
            content[field.alias or name] = document_of(item, explicit=explicit)
    return value.kind if isinstance(value, Kind) and len(content) == 1 else content


def meaning_of(value: Any) -> Any:
    """Return plain data of the fields that differ from the defaults of their classes, laws filled in.

    Defaults are left out so that a field that a later version adds changes no digest.
    """
    if isinstance(value, tuple):
        return [meaning_of(item) for item in value]
    if not isinstance(value, Value):
        return value
    content = {}
    for name, field in type(value).model_fields.items():
        item = getattr(value, name)
        if (
            name == "kind"
            or field.is_required()
            or item != field_adapter(type(value), name).validate_python(field.default)
        ):
            content[name] = meaning_of(item)
    return value.kind if isinstance(value, Kind) and value.bare and len(content) == 1 else content


def digest_of(content: object) -> str:
    """Return the SHA-256 of plain data, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
