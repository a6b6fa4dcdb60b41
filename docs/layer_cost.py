"""Prints how many lines and files each layer takes, and writes the table to backends.md.

Counted is what belongs to one layer alone: its value class, its line in each dispatch table, and every function and
class of the package that is reached from there and from no other layer. Cases are counted as files.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mtlspec.spec.layers import Layer, Residual

ROOT = Path(__file__).parents[1]
PACKAGES = {name: ROOT / "backends" / f"mtlspec_{name}" for name in ("numpy", "torch", "keras")}
CASES = ROOT / "conformance" / "mtlspec_conformance" / "cases"
PAGE = Path(__file__).with_name("backends.md")
MARK = "<!-- layer cost: made by layer_cost.py -->\n"


@dataclass
class Package:
    """The module-level functions and classes of a package, and its table of layers."""

    folder: Path
    definitions: dict[str, tuple[Path, ast.stmt]] = field(default_factory=dict)
    table: dict[str, tuple[Path, ast.expr]] = field(default_factory=dict)
    _reached: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.folder.glob("*.py"):
            for statement in ast.parse(path.read_text()).body:
                if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    self.definitions[statement.name] = (path, statement)
                elif isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Dict):
                    self._read_table(path, statement)

    def _read_table(self, path: Path, statement: ast.AnnAssign) -> None:
        if isinstance(statement.target, ast.Name) and statement.target.id == "LAYERS":
            assert isinstance(statement.value, ast.Dict)
            for key, value in zip(statement.value.keys, statement.value.values, strict=True):
                name = key.attr if isinstance(key, ast.Attribute) else key.id if isinstance(key, ast.Name) else ""
                self.table[name] = (path, value)

    def reached(self, layer: str) -> set[str]:
        """Return the names of the definitions that the table's entry for a layer leads to."""
        if layer not in self._reached:
            self._reached[layer] = self._leading_on(layer)
        return self._reached[layer]

    def _leading_on(self, layer: str) -> set[str]:
        if layer not in self.table:
            return set()
        waiting, found = names(self.table[layer][1]), set()
        while waiting:
            name = waiting.pop()
            if name in self.definitions and name not in found:
                found.add(name)
                waiting |= names(self.definitions[name][1])
        return found

    @cached_property
    def users(self) -> dict[str, int]:
        """By definition, how many layers lead to it."""
        users: dict[str, int] = defaultdict(int)
        for layer in self.table:
            for name in self.reached(layer):
                users[name] += 1
        return users

    def cost(self, layer: str) -> tuple[int, set[Path]]:
        """Return the lines that belong to a layer alone, and the files that they stand in."""
        if layer not in self.table:
            return 0, set()
        path, entry = self.table[layer]
        lines, files = length(entry), {path}
        for name in self.reached(layer):
            if self.users[name] == 1:
                lines += length(self.definitions[name][1])
                files.add(self.definitions[name][0])
        return lines, files


def names(tree: ast.AST) -> set[str]:
    """Return every name that a piece of code mentions."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def length(tree: ast.stmt | ast.expr) -> int:
    """Return the number of lines of a piece of code."""
    return (tree.end_lineno or tree.lineno) - tree.lineno + 1


def spec_lines(layer: str) -> int:
    """Return the lines of a layer's value, with its line among the family's members."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "mtlspec" / "spec").glob("*.py")]
    classes = (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    return 1 + next(length(node) for node in classes if node.name == layer)


def cases(kind: str) -> int:
    """Return how many conformance cases of single layers have a layer of this kind."""
    used = f'"kind": "{kind}"'
    return sum(used in path.read_text() for path in CASES.glob("layer/*.json"))


def table() -> str:
    """Return the table as Markdown; a residual is lowered to a sum and costs a backend nothing."""
    packages = {name: Package(folder) for name, folder in PACKAGES.items()}
    lines = ["| layer | spec | reference | torch | keras | lines | files | cases |\n", "| --- |" + " --- |" * 7 + "\n"]
    for kind, cls in Layer.kinds.items():
        if cls is Residual:
            continue
        costs = {name: package.cost(cls.__name__) for name, package in packages.items()}
        spec = spec_lines(cls.__name__)
        total = spec + sum(count for count, _ in costs.values())
        files = 1 + len(set().union(*(found for _, found in costs.values())))
        counts = " | ".join(str(count) for count, _ in costs.values())
        lines.append(f"| `{kind}` | {spec} | {counts} | {total} | {files} | {cases(kind)} |\n")
    return "".join(lines)


def main() -> None:
    """Print the table and write it to the page."""
    found = table()
    sys.stdout.write(found)
    before = PAGE.read_text(encoding="utf-8").split(MARK)[0]
    PAGE.write_text(f"{before}{MARK}\n{found}", encoding="utf-8")


if __name__ == "__main__":
    main()
