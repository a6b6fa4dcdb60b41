"""The same under PyTorch's Adam with Keras' epsilon."""

import mtlspec_torch
import torch
from torch import nn


class Houses(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh())
        self.price = nn.Linear(8, 1)
        self.kind = nn.Linear(8, 3)

    def forward(self, features):
        x = self.trunk(features)
        return {"price": self.price(x), "kind": self.kind(x)}


def epsilon_before_correction(optimizer, args, kwargs):
    """Keras adds epsilon to the root of the uncorrected second moment."""
    for group in optimizer.param_groups:
        state = optimizer.state.get(group["params"][0], {})
        step = int(state.get("step", 0)) + 1
        group["eps"] = 1e-7 / (1 - group["betas"][1] ** step) ** 0.5


def build():
    torch.manual_seed(7)
    model = Houses()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    optimizer.register_step_pre_hook(epsilon_before_correction)
    losses = {"price": nn.MSELoss(), "kind": nn.CrossEntropyLoss()}
    return mtlspec_torch.witness(model, losses=losses, weights={"kind": 0.3}, optimizer=optimizer)
