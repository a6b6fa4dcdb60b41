"""A PyTorch program that somebody else wrote, opened: outputs, losses, gradients, steps, each asked on its own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mtlspec.errors import MtlspecError
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays, Tensors
from mtlspec_torch.witness_layouts import held_by
from mtlspec_torch.witness_modules import Call, array_of, dense, grouped, named, noted, notes, without_dropout

Loss = Callable[..., Tensor]


@dataclass(frozen=True, eq=False)
class NativeBatch:
    """The examples of one step as tensors by name; `weights` has the tasks that the batches have weights for."""

    inputs: Mapping[str, Tensor]
    targets: Mapping[str, Tensor]
    weights: Mapping[str, Tensor]


class TorchWitness:
    """A PyTorch program whose outputs, losses, gradients and updates can be asked; asking changes nothing."""

    framework = "torch"

    def __init__(
        self,
        model: nn.Module,
        losses: Mapping[str, Loss],
        weights: Mapping[str, float],
        optimizer: torch.optim.Optimizer | None,
        scheduler: Any,
        inputs: Sequence[str] | type[dict[str, Any]] | None,
        outputs: Sequence[str] | None,
        step: Callable[[NativeBatch], object] | None,
    ) -> None:
        self.model = model
        self.tasks = tuple(losses)
        self.weights = weights
        self.notes: tuple[str, ...] = ()
        self._losses, self._optimizer, self._scheduler = losses, optimizer, scheduler
        self._inputs, self._outputs, self._step = inputs, outputs, step

    @property
    def versions(self) -> dict[str, str]:
        """The framework's version."""
        return {"torch": torch.__version__}

    @property
    def own_loop(self) -> bool:
        """Whether a step is a function of the user's, so that the optimizer cannot be asked alone."""
        return self._step is not None

    @property
    def steps(self) -> bool:
        """Whether the program has a step at all."""
        return self._step is not None or self._optimizer is not None

    def open(self, inputs: Arrays, targets: Arrays, weights: Arrays, *, precision: Precision | None) -> None:
        """Take `precision`, make what the first call makes, and switch dropout off."""
        if precision is not None:
            self.model.to(getattr(torch, precision))
        self.outputs(inputs)  # lazy modules take their shapes
        self._held = list(held_by(self.model))
        self.layers = grouped(self._held)
        self.roles = {held.name: "trainable" if held.trainable else "statistic" for held in self._held}
        self.native_names = {held.name: held.native for held in self._held}
        self.notes = tuple(notes(self._held, without_dropout(self.model)))
        self._fresh = copy.deepcopy([part.state_dict() for part in self._moving])

    @property
    def _moving(self) -> list[Any]:
        return [part for part in (self._optimizer, self._scheduler) if part is not None]

    def reset(self) -> bool:
        """Set optimizer and scheduler back to their first step; False for a loop that only a new build resets."""
        if self.own_loop:
            return False
        for part, state in zip(self._moving, self._fresh, strict=True):
            part.load_state_dict(copy.deepcopy(state))
        return True

    @property
    def dtype(self) -> str:
        """The arithmetic: that of the first parameter."""
        return str(self._dtype).removeprefix("torch.")

    @property
    def _dtype(self) -> torch.dtype:
        floats = (p.dtype for p in self.model.parameters() if p.is_floating_point())
        return next(floats, torch.get_default_dtype())

    @property
    def parameters(self) -> Tensors:
        """What the model holds: canonical names and layouts."""
        return Tensors({held.name: held.canonical(held.tensor) for held in self._held})

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        for held in self._held:
            held.assign(values[held.name])

    def outputs(self, inputs: Arrays) -> dict[str, Array]:
        """Return the output of every task in inference mode."""
        self.model.eval()
        with torch.no_grad():
            return {task: array_of(output) for task, output in self._called(self._tensors(inputs)).items()}

    def activations(self, inputs: Arrays) -> tuple[list[Call], dict[str, Array]]:
        """Return what went into and came out of every layer in inference mode, as they ran, and the outputs."""
        calls: list[Call] = []
        hooks = [
            self.model.get_submodule(layer).register_forward_hook(noted(layer, calls), with_kwargs=True)
            for layer in self.layers
            if layer
        ]
        try:
            return calls, self.outputs(inputs)
        finally:
            for hook in hooks:
                hook.remove()

    def losses(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> dict[str, float]:
        """Return the unweighted loss of every task in training mode."""
        with torch.no_grad(), self._unchanged():
            return {
                task: float(loss) for task, loss in self._task_losses(self._native(inputs, targets, weights)).items()
            }

    def gradients(self, inputs: Arrays, targets: Arrays, weights: Arrays, *, of: str | None) -> dict[str, Array]:
        """Return the gradient of one task's loss, or of the weighted sum, for all that is trainable; 0 if unreached."""
        held = [held for held in self._held if held.trainable]
        with self._unchanged():
            losses = self._task_losses(self._native(inputs, targets, weights))
            total = self._sum(losses) if of is None else losses[of]
            if not total.requires_grad:
                return {each.name: np.zeros_like(each.canonical(each.tensor)) for each in held}
            found = torch.autograd.grad(total, [each.tensor for each in held], allow_unused=True)
        return {each.name: each.canonical(dense(each.tensor, grad)) for each, grad in zip(held, found, strict=True)}

    def step(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> None:
        """Train one step in the program's own way."""
        batch = self._native(inputs, targets, weights)
        self.model.train()
        if self._step is not None:
            self._step(batch)
            return
        assert self._optimizer is not None
        self._optimizer.zero_grad()
        torch.autograd.backward(self._sum(self._task_losses(batch)))
        self._advance()

    def follow(self, gradient: float) -> None:
        """Take one step of the optimizer alone along a gradient that has this value everywhere."""
        for parameter in self.model.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.full_like(parameter, gradient)
        self._advance()

    def _advance(self) -> None:
        assert self._optimizer is not None
        self._optimizer.step()
        if self._scheduler is not None:
            self._scheduler.step()

    @property
    def learning_rate(self) -> float | None:
        """The rate of the next step (of the first group of parameters), None if there is none to read."""
        return float(self._optimizer.param_groups[0]["lr"]) if self._optimizer is not None else None

    @property
    def rate_is_plain(self) -> bool:
        """Whether no schedule moves the rate, so that it may be set from outside."""
        return self._scheduler is None

    def scale_rate(self, *, by: float) -> None:
        """Multiply the rate of every group of parameters."""
        assert self._optimizer is not None
        for group in self._optimizer.param_groups:
            group["lr"] = group["lr"] * by

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Run the model in training mode and keep its buffers as they are."""
        kept = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        self.model.train()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, buffer in self.model.named_buffers():
                    buffer.copy_(kept[name])

    def _native(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> NativeBatch:
        return NativeBatch(self._tensors(inputs), self._tensors(targets), self._tensors(weights))

    def _tensors(self, arrays: Arrays) -> dict[str, Tensor]:
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        whole = (torch.uint8, torch.int8, torch.int16, torch.int32)  # class numbers have to be int64
        return {
            name: t.to(self._dtype) if t.is_floating_point() else t.long() if t.dtype in whole else t
            for name, t in tensors.items()
        }

    def _called(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the model's outputs by task."""
        if self._inputs is None:
            made = self.model(next(iter(inputs.values())) if len(inputs) == 1 else dict(inputs))
        elif isinstance(self._inputs, type):
            made = self.model(dict(inputs))
        else:
            made = self.model(*(inputs[name] for name in self._inputs))
        found = named(made, self._outputs or self.tasks)
        if lacking := [task for task in self.tasks if task not in found]:
            raise MtlspecError(f"the model's outputs lack {', '.join(lacking)}; found: {', '.join(map(str, found))}")
        return {task: found[task] for task in self.tasks}

    def _task_losses(self, batch: NativeBatch) -> dict[str, Tensor]:
        outputs = self._called(batch.inputs)
        return {task: self._loss(task, outputs[task], batch) for task in self.tasks}

    def _loss(self, task: str, output: Tensor, batch: NativeBatch) -> Tensor:
        weight = (batch.weights[task],) if task in batch.weights else ()
        loss = self._losses[task](output, batch.targets[task], *weight)
        if loss.numel() != 1:
            raise MtlspecError(f"the loss of task {task!r} has the shape {tuple(loss.shape)}: expected one number")
        return loss.reshape(())

    def _sum(self, losses: Mapping[str, Tensor]) -> Tensor:
        return torch.stack([self.weights[task] * losses[task] for task in self.tasks]).sum()
