"""Attention is PyTorch's own, with a tensor for each parameter; transformers and positions export and compile."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from mtlspec_torch.attention import Attention
from mtlspec_torch.positions import LearnedPositions
from torch import Tensor, nn
from torch_cases import program
from torch_documents import Document, dense

from mtlspec.errors import DataError


def sequence(*layers: Any, length: int | None = 3) -> Document:
    return {
        "inputs": [{"name": "x", "shape": [length, 4]}, {"name": "m", "shape": [length]}],
        "blocks": [{"name": "trunk", "inputs": ["x"], "layers": [*layers, "global_average_pool"]}],
        "tasks": [{"name": "y", "head": [dense(2)], "loss": "squared_error"}],
    }


ENCODER = {"kind": "transformer_encoder", "units": 4, "heads": 2, "feed_forward_units": 5}
DOCUMENTS = {
    "masked": sequence(ENCODER | {"mask": "m", "causal": True}),
    "uniform": sequence(ENCODER | {"mask": "m", "masked_rows": "uniform"}),
    "dropping": sequence(ENCODER | {"attention_dropout": 0.3, "causal": True}),
    "any_length": sequence(
        {"kind": "learned_positions", "length": 8},
        "sinusoidal_positions",
        "class_token",
        ENCODER | {"normalization": "before"},
        length=None,
    ),
}


def examples(rows: int, length: int = 3) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(1)
    mask = (torch.rand(rows, length, generator=draw) > 0.4).to(torch.float64)
    return {"x": torch.randn(rows, length, 4, generator=draw, dtype=torch.float64), "m": mask}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_the_model_exports_for_any_batch_and_is_one_graph_to_the_compiler(document: Document) -> None:
    model: Any = program(document, "torch").model
    batch = torch.export.Dim("batch")
    dynamic = {name: {0: batch} for name in ("x", "m")}
    exported = torch.export.export(model.eval(), (examples(6),), dynamic_shapes=(dynamic,))
    torch.testing.assert_close(exported.module()(examples(9)), model(examples(9)), rtol=1e-12, atol=1e-14)
    for training in (False, True):
        plain, compiled = (copy.deepcopy(model).train(training) for _ in range(2))
        torch._dynamo.reset()
        found = torch.compile(compiled, fullgraph=True, backend="aot_eager")(examples(6))
        torch.testing.assert_close(found, plain(examples(6)), rtol=1e-12, atol=1e-14)


def packed(attention: Attention) -> nn.MultiheadAttention:
    """Return PyTorch's own module with the same weights."""
    units = attention.output.out_features
    native = nn.MultiheadAttention(units, attention.heads, batch_first=True, dtype=torch.float64)
    sides = (attention.query, attention.key, attention.value)
    with torch.no_grad():
        native.in_proj_weight.copy_(torch.cat([side.weight for side in sides]))
        native.in_proj_bias.copy_(torch.cat([side.bias for side in sides]))
    native.out_proj.load_state_dict(attention.output.state_dict())
    return native


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_that_of_pytorch(causal: bool) -> None:
    layer = {"kind": "attention", "heads": 2, "causal": causal, "mask": "m"}
    model: Any = program(sequence(layer), "torch").model
    x, mask = examples(5).values()
    mask[:, 0] = 1.0  # PyTorch's own gives NaN where nothing counts
    blocked = nn.Transformer.generate_square_subsequent_mask(3).isinf() if causal else None
    native, ours = packed(model.trunk[0]), model.trunk[0](x, mask)
    found, _ = native(x, x, x, key_padding_mask=mask == 0, attn_mask=blocked, need_weights=False)
    torch.testing.assert_close(found, ours, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("before", [False, True])
def test_a_transformer_encoder_is_that_of_pytorch(before: bool) -> None:
    layer = ENCODER | {"normalization": "before" if before else "after", "activation": "gelu"}
    model: Any = program({"like": "torch", **sequence(layer)}, "torch").model
    block, first = model.trunk[0], int(before)
    own = nn.TransformerEncoderLayer(
        4, 2, 5, dropout=0.0, activation="gelu", batch_first=True, norm_first=before, dtype=torch.float64
    )
    own.self_attn = packed(block["attention"]["layers"][first])
    feed_forward = block["feed_forward"]["layers"]
    own.linear1, own.linear2 = feed_forward[first], feed_forward[first + 1]
    own.norm1 = block["attention"]["layers"][0] if before else block["attention_normalization"]
    own.norm2 = feed_forward[0] if before else block["feed_forward_normalization"]
    x = examples(5)["x"]
    expected = model.tasks["y"]["head"][0](own.train()(x).mean(dim=1))
    torch.testing.assert_close(model.train()({"x": x, "m": torch.ones(5, 3)})["y"], expected, rtol=1e-12, atol=1e-14)


def test_each_parameter_is_a_tensor_and_the_key_bias_is_held() -> None:
    model: Any = program(sequence({"kind": "attention", "heads": 2, "dropout": 0.1}), "torch").model
    assert [name for name, _ in model.trunk[0].named_parameters()] == [
        *("query.weight", "query.bias", "key.weight", "key.bias"),
        *("value.weight", "value.bias", "output.weight", "output.bias"),
    ]
    assert [name for name, held in model.trunk.named_parameters() if not held.requires_grad] == ["0.key.bias"]
    assert list(dict(model.trunk[0].named_buffers())) == ["dropout.step"]


def test_more_positions_than_rows_are_an_error() -> None:
    with pytest.raises(DataError, match="at most 2 positions, the length of the table, found 3"):
        LearnedPositions(2, 1)(torch.zeros(1, 3, 1))
