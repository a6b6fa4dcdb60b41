"""The options of `pytest --pyargs mtlspec_conformance --mtlspec-backend NAME`.

A package of its own, since pytest imports it in every run of everybody who has the kit installed: it imports nothing
but pytest, and the kit itself only where the kit is what runs.
"""

from __future__ import annotations

import pytest

KIT = "mtlspec_conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("mtlspec", f"conformance of a backend of mtlspec (pytest --pyargs {KIT})")
    told = "the backend to hold against the reference: an installed one, or module:attribute"
    group.addoption("--mtlspec-backend", metavar="NAME", help=told)
    precisions = ("float64", "float32")
    told = "the precision to compute in (default: float64)"
    group.addoption("--mtlspec-precision", choices=precisions, default=precisions[0], help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run the kit for no backend, or for one that is not there.

    Raises:
        UsageError: the kit is asked for, and the backend is not named or not found.
    """
    if not (config.option.pyargs and any(argument.startswith(KIT) for argument in config.args)):
        return
    name = config.getoption("mtlspec_backend")
    if name is None:
        raise pytest.UsageError(f"name a backend: pytest --pyargs {KIT} --mtlspec-backend NAME, or module:attribute")
    from mtlspec_conformance.runner import found

    from mtlspec.errors import MtlspecError

    try:
        found(name)
    except MtlspecError as error:
        raise pytest.UsageError(str(error)) from None
