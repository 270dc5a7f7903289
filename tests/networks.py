"""Small networks of the usual families, as a user would write them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvNextBlock(nn.Module):
    """Channels last between two permutations."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm, self.up = nn.LayerNorm(dim), nn.Linear(dim, 4 * dim)
        self.act, self.down = nn.GELU(), nn.Linear(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + self.down(self.act(self.up(y))).permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """A stem of stride 2, two blocks, a head."""

    def __init__(self, dim: int = 6) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, dim, 2, stride=2)
        self.blocks = nn.Sequential(ConvNextBlock(dim), ConvNextBlock(dim))
        self.head = nn.Linear(dim, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class EncoderBlock(nn.Module):
    """Attention and a small MLP, each after a norm."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y)[0]
        return x + self.mlp(self.norm2(x))


class SmallViT(nn.Module):
    """4 x 4 patches of 2 x 2 pixels as tokens."""

    def __init__(self, dim: int = 12) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, dim, 2, stride=2)
        self.places = nn.Parameter(torch.randn(1, 16, dim) / 4)
        self.encoder = nn.Sequential(EncoderBlock(dim), EncoderBlock(dim))
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2) + self.places
        return self.head(self.norm(self.encoder(x))[:, 0])


class Signals(nn.Module):
    """A 1-D convolutional network on signals (2, length)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(2, 4, 5, stride=2, padding=2)
        self.conv2 = nn.Conv1d(4, 6, 3, dilation=2, padding=2)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        return self.fc(x.mean(2))


class Recurrent(nn.Module):
    """A convolution over signals, then an LSTM over its steps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.lstm = nn.Conv1d(2, 4, 3, padding=1), nn.LSTM(4, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(F.relu(self.conv(x)).transpose(1, 2))[0])
