"""Families of values chosen by `kind`, looked up when a document is read, so that an extension may add to one."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError
from pydantic_core import core_schema as schemas

from mtlspec.spec.discovery import discovered, unknown
from mtlspec.spec.value import Value, nearest

DOTTED = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+"
"""Names of kinds that are not mtlspec's own: whose they are, a dot, what they are."""
KindType = TypeVar("KindType", bound="type[Kind]")


class Kind(Value):
    """Base of all families; a subclass that sets `family` is one, and its subclasses are the kinds."""

    kind: str
    family: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Kind]]] = {}
    bare: ClassVar[bool] = False
    """Whether a kind without fields is its name alone in what a digest is of, in place of a mapping."""

    @classmethod
    def __pydantic_init_subclass__(cls, **arguments: Any) -> None:
        if cls.is_family():
            cls.kinds = {}

    @classmethod
    def admit(cls, *members: type[Kind]) -> None:
        """Add `members` to this family.

        Raises:
            ValueError: the family has another member of that kind.
        """
        for member in members:
            name = member.model_fields["kind"].default
            if cls.kinds.get(name, member) is not member:
                raise ValueError(f"{cls.family} {name!r} exists already: {cls.kinds[name].__name__}")
            cls.kinds[name] = member

    @classmethod
    def is_family(cls) -> bool:
        """Return whether this class is a family rather than one of its kinds."""
        return bool(vars(cls).get("family"))

    @classmethod
    def read(cls, value: Any) -> Any:
        """Return the member of this family that `value` (a value, a mapping or a bare kind) describes."""
        if isinstance(value, Kind):
            if type(value) is not cls.kinds.get(value.kind):
                hint = "; register it by mtlspec.extend" if "." in value.kind and value.family == cls.family else ""
                told = {"k": repr(value.kind), "f": cls.family, "hint": hint}
                raise PydanticCustomError("kind", "{k} is not a {f}{hint}", told)
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise PydanticCustomError(
                "kind",
                "expected a {f}: its kind, or a mapping with `kind:`, one of {kinds}",
                {"f": cls.family, "kinds": ", ".join(cls.kinds)},
            )
        return cls._member(value["kind"]).model_validate(value)

    @classmethod
    def _member(cls, kind: str) -> type[Kind]:
        """Return the kind called `kind`; one with a dot may be installed, and is imported then."""
        if kind in cls.kinds:
            return cls.kinds[kind]
        near = nearest(kind, cls.kinds)
        why = f"known: {', '.join(cls.kinds)}"
        if "." in kind:
            installed = discovered(kind)
            if kind in cls.kinds:
                return cls.kinds[kind]
            why = unknown(kind, family=cls.family, installed=installed, known=cls.kinds)
        told = {"f": cls.family, "k": repr(kind), "near": near, "why": why}
        raise PydanticCustomError("kind", "unknown {f} {k}{near}; {why}", told)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> schemas.CoreSchema:
        if not cls.is_family():
            return handler(source)
        return schemas.no_info_plain_validator_function(
            cls.read, metadata={"pydantic_js_functions": [lambda schema, handle: {"x-family": cls.__name__}]}
        )
