"""The same in PyTorch, with the channels put first once and last at the end."""

import mtlspec_torch
import torch
from torch import nn


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 3, 3, stride=2),
            nn.Conv2d(3, 6, 2, groups=3),
            nn.GroupNorm(2, 6),
            nn.ConvTranspose2d(6, 5, 2, stride=2),
            nn.PReLU(5, init=0.0),
        )
        self.place = nn.Embedding(4, 3)
        self.norm = nn.LayerNorm(8)
        self.digit = nn.Linear(8, 4)

    def forward(self, image, place):
        x = self.body(image.permute(0, 3, 1, 2)).mean(dim=(2, 3))
        return self.digit(self.norm(torch.cat([x, self.place(place)], dim=1)))


def build():
    torch.manual_seed(7)
    return mtlspec_torch.witness(Digits(), losses={"digit": nn.CrossEntropyLoss()}, inputs=["image", "place"])
