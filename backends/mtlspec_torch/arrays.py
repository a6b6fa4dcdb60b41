"""Arrays of the host as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

NATIVE = {torch.float32: np.float32, torch.float64: np.float64, torch.int64: np.int64}


def tensor_of(array: Any, *, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a copy of `array`, of any strides, byte order and number format; PyTorch itself refuses some."""
    return torch.from_numpy(np.array(array, dtype=NATIVE[dtype], order="C")).to(device)
