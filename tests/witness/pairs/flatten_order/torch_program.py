"""The same, but flattened as (channels, height, width)."""

import mtlspec_torch
import torch
from torch import nn


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.hidden = nn.Linear(256, 8)
        self.digit = nn.Linear(8, 4)
        self.slant = nn.Linear(8, 1)

    def forward(self, image):
        x = torch.tanh(self.conv(image.permute(0, 3, 1, 2)))
        x = torch.tanh(self.hidden(x.flatten(1)))
        return self.digit(x), self.slant(x)


def build():
    torch.manual_seed(7)
    model = Digits()
    return mtlspec_torch.witness(
        model,
        losses={"digit": nn.CrossEntropyLoss(), "slant": nn.MSELoss()},
        weights={"slant": 0.5},
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
    )
