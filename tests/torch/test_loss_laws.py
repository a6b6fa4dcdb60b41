"""A loss of a document that is `like: torch` is the loss of that name in PyTorch, value and gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from mtlspec_torch.losses import loss_function
from torch import Tensor
from torch.nn import functional

from mtlspec.spec import Loss
from mtlspec.spec.law import obeying

LOGITS = torch.linspace(-2, 3, 20, dtype=torch.float64).reshape(5, 4)[[3, 0, 4, 1, 2]]
NUMBERS = torch.linspace(1.5, -1, 20, dtype=torch.float64).reshape(5, 4)
COUNTS = torch.arange(20, dtype=torch.float64).reshape(5, 4) % 4
CLASSES = torch.tensor([0, 3, 1, 1, 2])
SHARES = NUMBERS.softmax(-1)
WEIGHTS = [0.5, 2.0, 1.0, 0.25]

Native = Callable[[Tensor, Tensor], Tensor]


def gaussian(z: Tensor, y: Tensor) -> Tensor:
    return functional.gaussian_nll_loss(z[:, :2], y, z[:, 2:].exp(), full=True, eps=0.4)


def cosine(z: Tensor, y: Tensor) -> Tensor:
    return functional.cosine_embedding_loss(z, y, torch.ones(len(z), dtype=z.dtype))


CASES: list[tuple[dict[str, Any], Tensor, Native]] = [
    ({"kind": "gaussian_likelihood", "full": True, "minimum": 0.4}, NUMBERS[:, :2], gaussian),
    ({"kind": "poisson", "full": True}, COUNTS, lambda z, y: functional.poisson_nll_loss(z, y, full=True)),
    ({"kind": "cosine_similarity"}, NUMBERS, cosine),
    (
        {"kind": "kullback_leibler"},
        SHARES,
        lambda z, y: functional.kl_div(z.log_softmax(-1), y, reduction="batchmean"),
    ),
    (
        {"kind": "multi_margin", "power": 2, "class_weights": WEIGHTS},
        CLASSES,
        lambda z, y: functional.multi_margin_loss(z, y, p=2, weight=torch.tensor(WEIGHTS, dtype=z.dtype)),
    ),
]


@pytest.mark.parametrize(("document", "targets", "native"), CASES, ids=[str(given[0])[:40] for given in CASES])
def test_a_loss_is_the_native_one(document: dict[str, Any], targets: Tensor, native: Native) -> None:
    loss = obeying(Loss.read(document), "torch")
    ours = loss_function(loss, device=torch.device("cpu"), dtype=torch.float64)
    found, expected = (LOGITS.clone().requires_grad_() for _ in range(2))
    first, second = ours(found, targets), native(expected, targets)
    first.backward()  # type: ignore[no-untyped-call]
    second.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(first, second, rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(found.grad, expected.grad, rtol=1e-13, atol=1e-15)


def test_shares_of_examples_are_those_of_their_largest_position() -> None:
    loss = loss_function(Loss.read("dice"), device=torch.device("cpu"), dtype=torch.float64)
    logits, targets = LOGITS.reshape(2, 5, 2), torch.tensor([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]])
    shares = torch.tensor([[0.5, 0.0, 0.25, 0.0, 0.5], [0.0] * 5], dtype=torch.float64)
    alone = loss(logits[:1, [0, 2, 4]], targets[:1, [0, 2, 4]])
    torch.testing.assert_close(loss(logits, targets, shares), 0.5 * alone)
