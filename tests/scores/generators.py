"""Small SRGANs of torch's own modules, whose weights are drawn: what `refield.scores.srgan` writes as functions."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor, nn

from refield.scores.srgan import Generator


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding="same") for _ in range(2))
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.prelu = nn.PReLU()

    def forward(self, h: Tensor) -> Tensor:
        return h + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(h)))))


class Doubling(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv, self.prelu = nn.Conv2d(width, 4 * width, 3, padding="same"), nn.PReLU()
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, h: Tensor) -> Tensor:
        return self.prelu(self.shuffle(self.conv(h)))


class Network(nn.Module):
    """In evaluation mode; its normalisation has means, variances, factors and shifts other than 0 and 1."""

    def __init__(self, doublings: int, width: int = 4) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.block1 = nn.Sequential(nn.Conv2d(3, width, 9, padding="same"), nn.PReLU())
        for number in range(2, 7):
            self.add_module(f"block{number}", Residual(width))
        self.block7 = nn.Sequential(nn.Conv2d(width, width, 3, padding="same"), nn.PReLU())
        last = nn.Conv2d(width, 3, 9, padding="same")
        self.block8 = nn.Sequential(*(Doubling(width) for _ in range(doublings)), last)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                for values in (module.running_mean, module.running_var, module.weight.data, module.bias.data):
                    values.uniform_(0.5, 1.5)
        self.eval()

    def forward(self, picture: Tensor) -> Tensor:
        first = self.block1(picture)
        residual = nn.Sequential(*(getattr(self, f"block{number}") for number in range(2, 7)), self.block7)
        return (torch.tanh(self.block8(first + residual(first))) + 1) / 2


def saved(content: object, file: Path) -> Generator:
    """A file of torch's that holds something, such as the weights of a network."""
    torch.save(content, file)
    return Generator(file=str(file), sha256=hashlib.sha256(file.read_bytes()).hexdigest())
