"""Extensions: layers, losses and optimizers of a user's own, each a value and one function per backend."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from mtlspec.errors import BackendError, ExtensionError
from mtlspec.spec.kind import DOTTED, Kind
from mtlspec.spec.layer import Branched, Chained, Layer
from mtlspec.spec.layers import Table
from mtlspec.spec.loss import ExampleLoss, Loss
from mtlspec.spec.optimizers import Optimizer

Function = Callable[..., Any]

FORMS: Mapping[type[Kind], tuple[str, ...]] = {
    Layer: ("layer", "x", "parameters"),
    Loss: ("loss", "logits", "targets"),
    Optimizer: ("optimizer", "w", "gradient", "slots", "rate", "step"),
}
"""By family, what a function is given; a layer that names other tensors gets them between `x` and `parameters`."""


@dataclass(frozen=True)
class Extension:
    """A kind of a user's own, and its function by the name of the backend."""

    value: type[Kind]
    functions: Mapping[str, Function]


EXTENSIONS: dict[str, Extension] = {}
"""All that are registered, by `family/kind`."""


def extend(
    kind: type[Kind],
    /,
    *,
    numpy: Function | None = None,
    torch: Function | None = None,
    keras: Function | None = None,
    **others: Function,
) -> None:
    """Register a layer, loss or optimizer, so that documents can name it and the backends with a function have it.

    A kind that is registered may get functions for further backends later; the reference may be left out.

    Args:
        kind: The value, a subclass of `Layer`, `Loss` or `Optimizer` with a dotted `kind`, such as `acme.fourier`.
        numpy: The function of the reference; a layer's and a loss's returns its pullback, too.
        torch: That of PyTorch.
        keras: That of Keras on TensorFlow.
        others: That of each other backend, by its name.

    Raises:
        ExtensionError: it cannot be registered.
    """
    family, name = _family(kind), _name(kind)
    given = {"numpy": numpy, "torch": torch, "keras": keras, **others}
    functions = {backend: function for backend, function in given.items() if function is not None}
    _expect_functions(kind, family, functions)
    key = f"{kind.family}/{name}"
    held = EXTENSIONS.get(key, Extension(kind, {}))
    if held.value is not kind:
        raise ExtensionError(f"{key} exists already: {_place(held.value)}; give {_place(kind)} another name")
    twice = [backend for backend, function in functions.items() if held.functions.get(backend, function) != function]
    if twice:
        raise ExtensionError(f"{key} has another function for {twice[0]!r} already; register it once")
    family.admit(kind)
    EXTENSIONS[key] = Extension(kind, {**held.functions, **functions})


def function_of(value: Kind, backend: str) -> Function:
    """Return what computes `value` in a backend.

    Raises:
        BackendError: nobody gave it a function.
    """
    key = f"{value.family}/{value.kind}"
    extension = EXTENSIONS.get(key)
    if extension is None or backend not in extension.functions:
        raise BackendError(f"backend {backend!r} does not have {key} ({lack_of(key, backend)})")
    return extension.functions[backend]


def updated(
    optimizer: Kind, backend: str, w: Any, gradient: Any, slots: Mapping[str, Any], rate: Any, step: Any
) -> Any:
    """Return the new w and slots that an optimizer's function makes, (optimizer, w, gradient, slots, rate, step).

    Raises:
        BackendError: it returned other slots.
    """
    new, news = function_of(optimizer, backend)(optimizer, w, gradient, dict(slots), rate, step)
    if set(news) != set(slots):
        raise BackendError(
            f"expected the function of {optimizer.kind} for {backend!r} to return the new w and a dict of the slots "
            f"{', '.join(slots) or '(none)'}, found {', '.join(news) or 'none'}"
        )
    return new, news


def had_by(backend: str) -> frozenset[str]:
    """Return the kinds of extensions that a backend has, as `family/kind`."""
    return frozenset(key for key, extension in EXTENSIONS.items() if backend in extension.functions)


def lack_of(key: str, backend: str) -> str:
    """Return why a backend does not have an extension's kind."""
    found = EXTENSIONS.get(key)
    has = ", ".join(found.functions) if found is not None else ""
    return f"it has a function for {has or 'no backend'}; give mtlspec.extend one for {backend}"


def extensions_in(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return those of `kinds`, as `family/kind`, that are not mtlspec's own."""
    return tuple(sorted(kind for kind in kinds if "." in kind))


def _family(kind: type[Kind]) -> type[Kind]:
    families = [family for family in FORMS if isinstance(kind, type) and issubclass(kind, family)]
    if not families or kind.is_family():
        found = kind.__name__ if isinstance(kind, type) else repr(kind)
        raise ExtensionError(f"expected a subclass of Layer, Loss or Optimizer of mtlspec.spec, found {found}")
    if issubclass(kind, Table):
        raise ExtensionError(f"{kind.__name__} is a table, whose rows are told apart inside mtlspec; subclass Layer")
    if issubclass(kind, ExampleLoss):
        raise ExtensionError(f"a function gives a number to each position; make {kind.__name__} a PositionLoss")
    return families[0]


def _name(kind: type[Kind]) -> str:
    field = kind.model_fields["kind"]
    name = field.default
    if not isinstance(name, str) or get_args(field.annotation) != (name,):
        raise ExtensionError(f'{kind.__name__} has no kind; write `kind: Literal["acme.name"] = "acme.name"` in it')
    if not re.fullmatch(DOTTED, name):
        advice = f"say whose it is: {'acme.' + name if name.isidentifier() else 'acme.name'!r}"
        raise ExtensionError(f"expected a kind in small letters with a dot, found {name!r}; {advice}")
    return name


def _expect_functions(kind: type[Kind], family: type[Kind], functions: Mapping[str, Function]) -> None:
    made_of_others = issubclass(kind, Chained | Branched)
    if made_of_others and functions:
        raise ExtensionError(f"{kind.__name__} is made of other layers, which have their functions; give it none")
    if not functions and not made_of_others:
        raise ExtensionError(f"{kind.__name__} has no function; give one: mtlspec.extend({kind.__name__}, numpy=...)")
    for backend, function in functions.items():
        _expect_form(f"the function of {kind.__name__} for {backend!r}", FORMS[family], function)


def _expect_form(what: str, form: tuple[str, ...], function: Function) -> None:
    wanted = f"expected {what} to be called as f({', '.join(form)})"
    if isinstance(function, type) or not callable(function):
        raise ExtensionError(f"{wanted}, found {getattr(function, '__name__', repr(function))}, which is no function")
    try:
        inspect.signature(function).bind(*form)
    except TypeError as error:
        if form[0] != "layer" or not _takes_more(function):
            raise ExtensionError(f"{wanted}: {error}") from None


def _takes_more(function: Function) -> bool:
    """Return whether a function takes more than three tensors, as one of a layer that names others does."""
    parameters = inspect.signature(function).parameters.values()
    return sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters) > len(
        FORMS[Layer]
    )


def _place(kind: type[Kind]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
