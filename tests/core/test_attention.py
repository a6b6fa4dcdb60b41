"""Attention sees what counts, and pools, positions and transformers are what their documents say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from central_differences import assert_gradients, numbers
from layer_cases import TRAINING, layer_of
from mtlspec_numpy.layers import applied
from mtlspec_numpy.pullback import Mode

import mtlspec as mtl
from mtlspec.errors import DataError
from mtlspec.graph import lower
from mtlspec.spec.layer import Layer
from mtlspec.spec.positions import SinusoidalPositions
from mtlspec.spec.signature import Shape, ShapeError
from mtlspec.tensors import Array

MASK = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
"""Padding on the right, on the left, everywhere, nowhere."""
Parameters = dict[str, Array]


def parameters(layer: Layer, *shapes: Shape) -> Parameters:
    rules = layer.signature_with(*shapes).parameters
    return {r.leaf: np.asarray(5) if r.leaf == "step" else numbers(f"{layer.kind}.{r.leaf}", *r.shape) for r in rules}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("rows", ["zero", "uniform"])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("named", [("m",), ("memory", "m"), ("memory", "values", "m"), ("memory", "values")])
def test_the_pullback_is_the_slope_for_every_source(
    named: tuple[str, ...], dropout: float, rows: str, causal: bool
) -> None:
    fields = {"mask" if name == "m" else name: name for name in named}
    document = {"kind": "attention", "heads": 2, "key_units": 3, "causal": causal, "masked_rows": rows}
    layer = layer_of(document | {"dropout": dropout} | fields)
    sources = {"x": numbers("x", 4, 3 if named == ("m",) else 2, 2)}
    sources |= {name: MASK if name == "m" else numbers(name, 4, 3, len(name)) for name in named}
    leaves = parameters(layer, *(array.shape[1:] for array in sources.values()))

    def called(at: Any) -> Any:
        return applied(layer, [at[name] for name in sources], {leaf: at[leaf] for leaf in leaves}, TRAINING)

    at = {**sources, **leaves}
    result = called(at)
    direction = numbers("direction", *result.output.shape)
    found, gradients = result.pullback(direction)
    by_source = {name: array for name, array in zip(sources, found, strict=True) if array is not None}
    assert list(by_source) == [name for name in sources if name != "m"]
    assert gradients.keys() == leaves.keys() - {"step", "key_bias"}
    assert_gradients(
        {**gradients, **by_source, "key_bias": np.zeros((2, 3))},
        of=lambda moved: float((called(moved).output * direction).sum()),
        at=at,
    )


def weights_of(mask: Array, *, causal: bool = False, rows: str = "zero") -> Array:
    """Return the weights of an attention whose scores are all equal, over values that tell the keys apart."""
    document = {"kind": "attention", "heads": 1, "bias": False, "mask": "m", "causal": causal, "masked_rows": rows}
    layer = layer_of(document)
    size = mask.shape[1]
    zero = np.zeros((size, 1, size))
    leaves = {"query_kernel": zero, "key_kernel": zero, "value_kernel": np.eye(size)[:, None]}
    x = np.broadcast_to(np.eye(size), (len(mask), size, size))
    return applied(layer, [x, mask], {**leaves, "output_kernel": np.eye(size)[None]}, Mode(training=False)).output


def test_a_position_shares_its_weight_out_among_what_counts() -> None:
    found = weights_of(MASK)[:, 0].tolist()
    assert found == [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1 / 3] * 3]


def test_a_position_that_sees_none_takes_nothing_or_the_mean_of_all() -> None:
    assert weights_of(MASK, rows="uniform")[2].tolist() == [[1 / 3] * 3] * 3
    left = weights_of(MASK, rows="uniform", causal=True)[1].tolist()
    assert left == [[1 / 3] * 3, [1 / 3] * 3, [0.0, 0.0, 1.0]]
    assert weights_of(MASK, causal=True)[1].tolist() == [[0.0] * 3, [0.0] * 3, [0.0, 0.0, 1.0]]


def test_causal_attention_sees_no_later_position() -> None:
    assert weights_of(np.ones((1, 3)), causal=True)[0].tolist() == [[1.0, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("global_average_pool", [[2.0, 4.0], [9.0, 1.0], [0.0, 0.0], [13 / 3, 3.0]]),
        ("global_max_pool", [[3.0, 6.0], [9.0, 1.0], [0.0, 0.0], [9.0, 6.0]]),
    ],
)
def test_a_pool_with_a_mask_is_that_of_the_positions_that_count(kind: str, expected: Any) -> None:
    layer, x = layer_of({"kind": kind, "mask": "m"}), np.broadcast_to([[1.0, 2.0], [3.0, 6.0], [9.0, 1.0]], (4, 3, 2))
    result = applied(layer, [x, MASK], {}, Mode(training=False))
    assert np.abs(result.output - expected).max() < 1e-15
    for shape in ((4, 3, 2), (4, 3, 1, 2)):
        at, mask = {"x": numbers("x", *shape)}, MASK.reshape(shape[:-1])
        direction = numbers("direction", 4, 2)
        (source, none), _ = applied(layer, [at["x"], mask], {}, TRAINING).pullback(direction)
        assert none is None
        assert source is not None

        def value(moved: Any, mask: Array = mask, direction: Array = direction) -> float:
            return float((applied(layer, [moved["x"], mask], {}, TRAINING).output * direction).sum())

        assert_gradients({"x": source}, of=value, at=at)


def test_equal_maxima_that_count_share_the_gradient() -> None:
    layer, x = layer_of({"kind": "global_max_pool", "mask": "m"}), np.array([[[2.0], [2.0], [2.0], [1.0]]])
    result = applied(layer, [x, np.array([[1.0, 0.0, 1.0, 1.0]])], {}, TRAINING)
    source = result.pullback(np.array([[1.0]])).sources[0]
    assert np.asarray(source).tolist() == [[[0.5], [0.0], [0.5], [0.0]]]


def test_rates_of_sines_end_above_the_base_or_at_it() -> None:
    assert SinusoidalPositions(base=16.0).rates(4) == (1.0, 0.25)
    assert SinusoidalPositions(base=16.0, slowest="base").rates(4) == (1.0, 0.0625)
    assert SinusoidalPositions(slowest="base").rates(2) == (1.0,)


def test_more_positions_than_the_table_has_are_an_error() -> None:
    layer = layer_of({"kind": "learned_positions", "length": 2})
    with pytest.raises(DataError, match="at most 2 positions, the length of the table, found 3"):
        applied(layer, [np.zeros((1, 3, 1))], {"table": np.zeros((2, 1))}, TRAINING)
    with pytest.raises(ShapeError, match="3 positions do not fit into a table of length 2"):
        layer.signature((3, 1))


def spec(*layers: Any, like: str = "published", shape: Any = (3, 4)) -> mtl.Spec:
    return mtl.Spec.model_validate(
        {
            "mtlspec": 1,
            "like": like,
            "inputs": [{"name": "x", "shape": list(shape)}, {"name": "ids", "shape": [3], "dtype": "integer"}],
            "blocks": [
                {"name": "m", "inputs": ["ids"], "layers": ["padding_mask"]},
                {"name": "t", "inputs": ["x"], "layers": [*layers, "flatten"]},
            ],
            "tasks": [{"name": "y", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
        }
    )


ENCODER = {"kind": "transformer_encoder", "units": 4, "heads": 2, "feed_forward_units": 5}


def test_a_transformer_is_its_parts() -> None:
    rates = {"dropout": 0.1, "attention_dropout": 0.2, "activation_dropout": 0.3}
    after = lower(spec(ENCODER | rates | {"mask": "m"}))
    kinds = {node.path: node.merge or getattr(node.layer, "kind", "") for node in after.nodes}
    assert {path.removeprefix("t[0]."): kind for path, kind in kinds.items() if path.startswith("t[0]")} == {
        "attention.layers[0]": "attention",
        "attention.layers[1]": "dropout",
        "attention": "add",
        "attention_normalization": "layer_normalization",
        "feed_forward.layers[0]": "dense",
        "feed_forward.layers[0].activation": "activation",
        "feed_forward.layers[1]": "dropout",
        "feed_forward.layers[2]": "dense",
        "feed_forward.layers[3]": "dropout",
        "feed_forward": "add",
        "feed_forward_normalization": "layer_normalization",
    }
    assert after.node("t[0].attention.layers[0]").sources == ("x", "m[0]")
    before = lower(spec(ENCODER | {"normalization": "before"}))
    assert before.node("t[0].attention").sources == ("t[0].attention.layers[1]", "x")
    assert before.node("t[0].feed_forward").sources == ("t[0].feed_forward.layers[2]", "t[0].attention")


@pytest.mark.parametrize(
    ("like", "fans", "output", "epsilon", "rows"),
    [
        ("published", (4, 4), "glorot_uniform", 1e-5, "zero"),
        ("keras", (8, 8), "glorot_uniform", 1e-3, "uniform"),
        ("torch", (4, 12), "fan_in_uniform", 1e-5, "zero"),
    ],
)
def test_a_transformer_has_the_laws_of_whom_it_is_like(
    like: str, fans: Any, output: str, epsilon: float, rows: str
) -> None:
    graph = lower(spec(ENCODER, like=like))
    attention: Any = graph.node("t[0].attention.layers[0]").layer
    normalization: Any = graph.node("t[0].attention_normalization").layer
    kernel = graph.by_path["t[0].attention.layers[0].query_kernel"]
    assert (kernel.fan_in, kernel.fan_out) == fans
    assert (attention.output_initializer.kind, attention.masked_rows) == (output, rows)
    assert normalization.epsilon == epsilon
    assert graph.by_path["t[0].feed_forward.layers[0].kernel"].initializer.kind == output


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"kind": "attention", "heads": 3}, "4 features cannot be shared out among 3 heads; give `key_units:`"),
        ({"kind": "attention", "heads": 2, "values": "x"}, "name the `memory`, too"),
        ({"kind": "attention", "heads": 2, "mask": "x"}, r"the mask 'x' need one entry for each position"),
        ({"kind": "attention", "heads": 2, "mask": "n"}, "attention reads an unknown input or block 'n'"),
        ({"kind": "attention", "heads": 2, "memory": "m"}, r"expected the shape \(positions, features\), found \(3,\)"),
        (ENCODER | {"units": 6}, "give `units:` the size of the last axis of what it reads"),
        ({"kind": "global_max_pool", "mask": "x"}, r"expected a mask of the shape \(3,\), found \(3, 4\)"),
    ],
)
def test_what_makes_no_sense_is_refused(layer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec(layer)


def test_sines_come_in_pairs() -> None:
    with pytest.raises(ValueError, match=r"expected an even number of units, a sine and a cosine each, found \(3, 5\)"):
        spec("sinusoidal_positions", shape=(3, 5))


def test_a_key_bias_is_held_and_not_trained() -> None:
    graph = lower(spec({"kind": "attention", "heads": 2}))
    assert graph.by_path["t[0].key_bias"].role == "constant"
    assert "t[0].key_bias" not in graph.trainable
    assert "t[0].query_bias" in graph.trainable
