"""Recurrent layers: the native ones where they have the activations, and loops over our own steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtlspec.spec.activations import Relu, Sigmoid, Tanh
from mtlspec.spec.layer import Layer
from mtlspec.spec.recurrent import Gru, Lstm, Recurrent, SimpleRnn
from mtlspec_torch.activations import activation

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site

NATIVE_ACTIVATIONS = {Tanh: "tanh", Relu: "relu"}
"""Those that `torch.nn.RNN` has."""


class _Read:
    """How a layer reads its steps, beside a module that returns all states of a sequence first."""

    backward: bool
    sequence: bool
    zero: bool

    def reading(self, layer: Recurrent) -> None:
        """Take over direction, mask and what is returned."""
        self.backward, self.sequence = layer.direction == "backward", layer.returns == "sequence"
        self.zero = layer.masked_outputs == "zero"

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.backward:
            x, mask = x.flip(1), None if mask is None else mask.flip(1)
        if mask is not None:
            found = self._masked(x, mask != 0)
        else:
            states = self._states(x)
            found = states if self.sequence else states[:, -1]
        return found.flip(1) if self.backward and self.sequence else found

    def _states(self, x: Tensor) -> Tensor:
        states: Tensor = super().forward(x)[0]  # type: ignore[misc]  # of the module that this stands beside
        return states

    def _masked(self, x: Tensor, counts: Tensor) -> Tensor:
        """Return what is read of the steps that count: packed sequences have neither holes nor empty examples."""
        # Those steps go to the front, in their order; what comes after them changes none of their states.
        order = counts.to(torch.int8).argsort(dim=1, descending=True, stable=True)
        states = self._states(x.gather(1, order[..., None].expand_as(x)))
        states = functional.pad(states, (0, 0, 1, 0))  # the state before the first step
        read = counts.cumsum(1)
        if not self.sequence:
            read = read[:, -1:]
        found = states.gather(1, read[..., None].expand(-1, -1, states.shape[-1]))
        if not self.sequence:
            return found[:, 0]
        return torch.where(counts[..., None], found, found.new_zeros(())) if self.zero else found


class ReadRnn(_Read, nn.RNN):  # type: ignore[misc]  # takes a mask, and returns states alone
    """`torch.nn.RNN` that returns what the layer asks for."""


class ReadLstm(_Read, nn.LSTM):  # type: ignore[misc]
    """`torch.nn.LSTM` that returns what the layer asks for."""


class ReadGru(_Read, nn.GRU):  # type: ignore[misc]
    """`torch.nn.GRU` that returns what the layer asks for."""


class Unrolled(nn.Module):
    """A loop over steps of any activation, with the parameters of the native layers under their names and layouts."""

    def __init__(self, layer: Recurrent, inputs: int, *, dtype: torch.dtype) -> None:
        super().__init__()
        self.layer, self._step = layer, STEPS[type(layer)]
        self.state_activation = activation(layer.state_activation)
        self.gate_activation = activation(getattr(layer, "gate_activation", layer.state_activation))
        wide = layer.gates * layer.units

        def parameter(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape, device="meta", dtype=dtype))

        self.weight_ih_l0, self.weight_hh_l0 = parameter(wide, inputs), parameter(wide, layer.units)
        self.bias_ih_l0 = None if layer.biases == "none" else parameter(wide)
        self.bias_hh_l0 = parameter(wide) if layer.biases == "two" else None

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return all states, and the last one with its cell."""
        given = functional.linear(x, self.weight_ih_l0, self.bias_ih_l0)
        nothing = x.new_zeros((len(x), self.layer.units))
        state: tuple[Tensor, ...] = (nothing, nothing) if isinstance(self.layer, Lstm) else (nothing,)
        states = []
        for at_step in given.unbind(1):
            state = self._step(self, at_step, state)
            states.append(state[0])
        return torch.stack(states, dim=1), state

    def recurred(self, h: Tensor) -> Tensor:
        """Return what the state gives to the gates."""
        return functional.linear(h, self.weight_hh_l0, self.bias_hh_l0)

    def extra_repr(self) -> str:
        return f"{self.layer.kind}, {self.weight_ih_l0.shape[1]}, {self.layer.units}"


class ReadUnrolled(_Read, Unrolled):  # type: ignore[misc]
    """A loop that returns what the layer asks for."""


def _rnn_step(module: Unrolled, given: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (module.state_activation(given + module.recurred(state[0])),)


def _lstm_step(module: Unrolled, given: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    h, c = state
    gates = (given + module.recurred(h)).chunk(4, dim=-1)
    i, f, o = (module.gate_activation(gates[index]) for index in (0, 1, 3))
    cell = f * c + i * module.state_activation(gates[2])
    return o * module.state_activation(cell), cell


def _gru_step(module: Unrolled, given: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    (h,), units = state, module.layer.units
    weight, bias = module.weight_hh_l0, module.bias_hh_l0
    first, second = (None, None) if bias is None else (bias[: 2 * units], bias[2 * units :])
    gates = given[:, : 2 * units] + functional.linear(h, weight[: 2 * units], first)
    r, z = (module.gate_activation(gate) for gate in gates.chunk(2, dim=-1))
    early = isinstance(module.layer, Gru) and module.layer.reset == "before"
    product = functional.linear(r * h if early else h, weight[2 * units :], second)
    g = module.state_activation(given[:, 2 * units :] + (product if early else r * product))
    return (z * h + (1 - z) * g,)


STEPS: dict[type[Recurrent], Callable[[Unrolled, Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]] = {
    SimpleRnn: _rnn_step,
    Lstm: _lstm_step,
    Gru: _gru_step,
}


def recurrent(layer: Recurrent, site: Site) -> nn.Module:
    """Return a native recurrent layer, or a loop where it has no such activation or resets the state before."""
    options: dict[str, Any] = {"bias": layer.biases != "none", "batch_first": True, "device": "meta"}
    sizes, native = (site.channels, layer.units), _native(layer)
    made: Any
    if native is None:
        made = ReadUnrolled(layer, site.channels, dtype=site.dtype)
    else:
        made = native(*sizes, **options, dtype=site.dtype)
    made.reading(layer)
    if native is not None and layer.biases == "one":
        zeros = made.bias_hh_l0.detach()  # the native kernels want a second bias; this one is never trained
        del made.bias_hh_l0
        made.register_buffer("bias_hh_l0", zeros)
        site.filled(made).bias_hh_l0.zero_()
        return made  # type: ignore[no-any-return]
    return site.filled(made)  # type: ignore[no-any-return]


def _native(layer: Recurrent) -> Callable[..., nn.Module] | None:
    of_state = type(layer.state_activation)
    match layer:
        case SimpleRnn() if of_state in NATIVE_ACTIVATIONS:
            return lambda *sizes, **options: ReadRnn(*sizes, nonlinearity=NATIVE_ACTIVATIONS[of_state], **options)
        case Lstm(gate_activation=Sigmoid(), state_activation=Tanh()):
            return ReadLstm
        case Gru(gate_activation=Sigmoid(), state_activation=Tanh(), reset="after"):
            return ReadGru
    return None


LAYERS: dict[type[Layer], Callable[[Any, Site], nn.Module]] = dict.fromkeys((SimpleRnn, Lstm, Gru), recurrent)
