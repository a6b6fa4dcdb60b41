"""The PyTorch backend: a graph becomes an ordinary `torch.nn.Module` with native losses and optimizers."""

import torch as torch

from mtlspec_torch.backend import TorchBackend as TorchBackend
from mtlspec_torch.dropout import HashDropout as HashDropout
from mtlspec_torch.loss import TaskLoss as TaskLoss
from mtlspec_torch.model import MultiTaskModel as MultiTaskModel
from mtlspec_torch.normalizations import BatchNorm as BatchNorm
from mtlspec_torch.normalizations import Normalization as Normalization
from mtlspec_torch.program import TorchProgram as TorchProgram
from mtlspec_torch.witness import witness as witness
