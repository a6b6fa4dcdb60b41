"""The same in PyTorch: two optimizers, one for the heads."""

import mtlspec_torch
import torch
from torch import nn


class Houses(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(6, 8)
        self.drop = nn.Dropout(0.2)
        self.price = nn.Linear(8, 1)
        self.kind = nn.Linear(8, 3)

    def forward(self, features):
        x = self.drop(torch.tanh(self.trunk(features)))
        return self.price(x), self.kind(x)


def build():
    torch.manual_seed(7)
    model = Houses()
    shared = torch.optim.SGD(model.trunk.parameters(), lr=0.1)
    heads = torch.optim.SGD([*model.price.parameters(), *model.kind.parameters()], lr=0.1)

    losses = {"price": nn.MSELoss(), "kind": nn.CrossEntropyLoss()}

    def step(batch):
        shared.zero_grad()
        heads.zero_grad()
        price, kind = model(batch.inputs["features"])
        total = losses["price"](price, batch.targets["price"]) + 0.5 * losses["kind"](kind, batch.targets["kind"])
        total.backward()
        heads.step()
        shared.step()

    return mtlspec_torch.witness(model, losses=losses, weights={"kind": 0.5}, step=step)
