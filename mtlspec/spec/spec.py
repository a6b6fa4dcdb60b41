"""The spec: one frozen value that says what a multi-task model is and how it is trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field
from pydantic_core import InitErrorDetails

from mtlspec.spec.advice import advice
from mtlspec.spec.content import digest_of, document_of, meaning_of
from mtlspec.spec.data import Data
from mtlspec.spec.law import Like, obeying
from mtlspec.spec.layer import CHAIN_START
from mtlspec.spec.model import Block, Input, Task
from mtlspec.spec.plateau import ReduceOnPlateau
from mtlspec.spec.reach import Reach
from mtlspec.spec.training import Training
from mtlspec.spec.value import Value, nearest, problem, raise_problems
from mtlspec.spec.wiring import Wiring

RESERVED = ("tasks", CHAIN_START)
"""Names that key paths begin with, or that parts of a layer read."""


class Spec(Value):
    """A multi-task model, its training and, where a document gives it, its data."""

    mtlspec: Literal[1] = 1
    """The version of the document format."""
    like: Like = "published"
    """Whose form fills the laws that the document leaves open."""
    inputs: tuple[Input, ...] = Field(min_length=1)
    blocks: tuple[Block, ...] = ()
    """The shared part."""
    tasks: tuple[Task, ...] = Field(min_length=1)
    training: Training = Training()
    data: Data | None = None

    def model_post_init(self, context: object) -> None:
        """Fill the laws, then refuse every mistake of meaning at once."""
        for name in ("inputs", "blocks", "tasks"):
            self.__dict__[name] = tuple(obeying(part, self.like) for part in getattr(self, name))
        self.__dict__["training"] = obeying(self.training, self.like)
        wiring = Wiring(self)
        raise_problems(
            "Spec", [*_name_problems(self), *_data_problems(self), *wiring.problems, *_schedule_problems(self)]
        )
        raise_problems("Spec", [*Reach(self.training, wiring).problems])

    def task(self, name: str) -> Task:
        """Return the task called `name`.

        Raises:
            KeyError: there is none.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(f"no task {name!r}; the spec has {', '.join(t.name for t in self.tasks)}")

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each task, by name."""
        return {task.name: task.weight for task in self.tasks}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and probably not meant, a sentence each."""
        return tuple(advice(self))

    def to_document(self, *, explicit: bool = False) -> dict[str, Any]:
        """Return plain data that reads back as this spec; `explicit` spells out every field and law."""
        document: dict[str, Any] = document_of(self, explicit=explicit)
        return document

    def digest(self, *, part: Literal["spec", "model"] = "spec") -> str:
        """Return the SHA-256 of the meaning of the whole spec, or of its model (inputs, blocks and heads)."""
        content = meaning_of(self)
        content.pop("like", None)
        content.pop("data", None)
        if part == "model":
            model = ("name", "inputs", "merge", "head")
            heads = [{key: task[key] for key in model if key in task} for task in content["tasks"]]
            content = {"inputs": content["inputs"], "blocks": content.get("blocks", []), "tasks": heads}
        return digest_of(content)


def _name_problems(spec: Spec) -> Iterator[InitErrorDetails]:
    seen: dict[str, str] = {}
    for group in ("inputs", "blocks", "tasks"):
        for index, part in enumerate(getattr(spec, group)):
            place = (group, index, "name")
            if part.name in RESERVED:
                yield problem(f"the name {part.name!r} is reserved; choose another", place, part.name)
            elif part.name in seen:
                message = f"duplicate name {part.name!r}, used by {seen[part.name]} already"
                yield problem(f"{message}; inputs, blocks and tasks share one namespace", place, part.name)
            seen.setdefault(part.name, f"{group}[{index}]")


def _schedule_problems(spec: Spec) -> Iterator[InitErrorDetails]:
    schedule = spec.training.schedule
    if not isinstance(schedule, ReduceOnPlateau):
        return
    known = ["loss"]
    for task in spec.tasks:
        known += [f"{task.name}/loss", *(f"{task.name}/{metric.name}" for metric in task.metrics)]
    if schedule.measure not in known:
        message = f"no measure {schedule.measure!r}{nearest(schedule.measure, known)}; known: {', '.join(known)}"
        yield problem(f"{message}; add metrics to the task", ("training", "schedule", "measure"), schedule.measure)


def _data_problems(spec: Spec) -> Iterator[InitErrorDetails]:
    if spec.data is None or spec.data.synthetic is not None:
        return
    wanted = {"inputs": [i.name for i in spec.inputs], "targets": [t.name for t in spec.tasks]}
    for group, names in wanted.items():
        what = "input" if group == "inputs" else "task"
        given = [part.name for part in getattr(spec.data, group)]
        for index, name in enumerate(given):
            place = ("data", group, index, "name")
            if name not in names:
                yield problem(f"unknown {what} {name!r}{nearest(name, names)}", place, name)
            elif name in given[:index]:
                yield problem(f"duplicate {what} {name!r}", place, name)
        absent = [name for name in names if name not in given]
        if absent:
            yield problem(f"no columns for {what} {', '.join(map(repr, absent))}; add them", ("data", group))
