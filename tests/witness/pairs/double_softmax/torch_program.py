"""The same, but the loss takes the softmax of the softmax."""

import mtlspec_torch
import torch
from torch import nn


class Houses(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh())
        self.price = nn.Linear(8, 1)
        self.kind = nn.Sequential(nn.Linear(8, 3), nn.Softmax(dim=1))

    def forward(self, features):
        x = self.trunk(features)
        return {"price": self.price(x), "kind": self.kind(x)}


def build():
    torch.manual_seed(7)
    model = Houses()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = {"price": nn.MSELoss(), "kind": nn.CrossEntropyLoss()}
    return mtlspec_torch.witness(model, losses=losses, optimizer=optimizer)
