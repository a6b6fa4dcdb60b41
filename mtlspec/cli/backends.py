"""`mtlspec backends`: which backends are installed, and whether they can run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, packages_distributions, version
from importlib.util import find_spec

from mtlspec.registry import EXTRAS, GROUP

FRAMEWORKS = {"numpy": ("numpy",), "torch": ("torch",), "keras": ("keras", "tensorflow")}
"""The modules that our own backends compute with."""


def backends() -> None:
    """List the backends, their frameworks and what they lack."""
    from mtlspec.cli.table import print_table

    entries = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    distributions = packages_distributions()
    print_table(
        ("backend", "package", "frameworks", "ready"),
        ((entry.name, _package(entry), *_frameworks(entry, distributions)) for entry in entries),
    )


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "unknown"


def _frameworks(entry: EntryPoint, distributions: Mapping[str, list[str]]) -> tuple[str, str]:
    """Return the versions of the frameworks of a backend, and `yes` or what to install; nothing is imported."""
    module = entry.module.partition(".")[0]
    needed = FRAMEWORKS.get(entry.name, ()) if module == f"mtlspec_{entry.name}" else ()
    absent = [name for name in (module, *needed) if find_spec(name) is None]
    told = ", ".join(f"{name} {_version(name, distributions)}" for name in needed if name not in absent)
    extras = sorted({EXTRAS[name][0] for name in absent if name in EXTRAS})
    if extras:
        return told, "no: " + "; ".join(f"pip install 'mtlspec[{extra}]'" for extra in extras)
    if absent:
        return told, f"no: module {', '.join(absent)} is missing"
    return told, "yes"


def _version(module: str, distributions: Mapping[str, list[str]]) -> str:
    for name in distributions.get(module, [module]):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "of unknown version"
