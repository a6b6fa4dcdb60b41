"""The same, but the loss is that of logits."""

import mtlspec_torch
import torch
from torch import nn


def build():
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    return mtlspec_torch.witness(model, losses={"kind": nn.CrossEntropyLoss()}, optimizer=optimizer)
