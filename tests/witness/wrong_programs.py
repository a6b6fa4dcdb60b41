"""Programs that cannot be recorded, and some that nobody can tell apart."""

import mtlspec_torch
import torch
from torch import nn


def raising():
    return undefined_name  # noqa: F821


def a_model():
    return nn.Linear(6, 1)


not_a_function = 3


def witness(model, **options):
    return mtlspec_torch.witness(model, losses={"price": nn.MSELoss()}, **options)


def plain(**options):
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1))
    return witness(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1), **options)


def narrow():
    return witness(nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 1)))


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 1)

    def forward(self, x):
        return nn.functional.dropout(self.layer(x), 0.5, self.training)


def noisy():
    return witness(Noisy())


class Root(nn.Module):
    """The square root of what becomes negative."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 1)

    def forward(self, x):
        return torch.sqrt(self.layer(x))


def root():
    torch.manual_seed(7)
    return witness(Root())


class Twins(nn.Module):
    """Two layers that do the same: no number tells one from the other."""

    def __init__(self, first, second):
        super().__init__()
        self.add_module(first, nn.Linear(6, 1))
        self.add_module(second, nn.Linear(6, 1))
        self.both = first, second

    def forward(self, x):
        return sum(self.get_submodule(name)(x) for name in self.both)


def twins():
    torch.manual_seed(7)
    return witness(Twins("left", "right"))


def other_twins():
    torch.manual_seed(8)
    return witness(Twins("east", "west"))


def unknown_output():
    return witness(plain().model, outputs=["cost"])


def whole_loss():
    return mtlspec_torch.witness(nn.Linear(6, 1), losses={"price": nn.MSELoss(reduction="none")})


def weight_of_nothing():
    return plain(weights={"cost": 1.0})


def two_tasks():
    return mtlspec_torch.witness(nn.Linear(6, 1), losses={"price": nn.MSELoss(), "kind": nn.MSELoss()})
