"""Networks that break naive recorders, each with a layer and its value computed by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Case:
    """A network, a batch, the address of a layer and what it must hold."""

    name: str
    model: nn.Module
    batch: Any
    layer: str
    expected: Callable[[nn.Module, Any], Tensor]


class InPlace(nn.Module):
    """The ReLU overwrites what the convolution returned (captum issue 156)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.conv(x)).mean((2, 3))


class Regular(nn.Module):
    """Dropout and batch norm, in train mode when it arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5)
        self.norm.running_mean.normal_()

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.norm(self.fc(x)))


class Shared(nn.Module):
    """One ReLU for two places (captum issue 201)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.relu = nn.Linear(4, 5), nn.Linear(5, 3), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.b(self.relu(self.a(x))))


class TwoNames(nn.Module):
    """One module under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(4, 2)
        self.tied = self.encoder

    def forward(self, x: Tensor) -> Tensor:
        return self.tied(x) * 2


class Attention(nn.Module):
    """`out_proj` is never called: its weights are used directly."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x)[0]


@dataclass
class Encoded:
    """A dataclass output with a missing field."""

    last_hidden_state: Tensor
    pooled: Tensor | None = None


class Encoder(nn.Module):
    """Returns a dataclass."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 6)

    def forward(self, x: Tensor) -> Encoded:
        return Encoded(torch.tanh(self.fc(x)))


class Nested(nn.Module):
    """A sub-module with a dataclass output, another with a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.enc, self.head = Encoder(), Headed()

    def forward(self, x: Tensor) -> dict[str, Any]:
        return self.head(self.enc(x).last_hidden_state)


class Headed(nn.Module):
    """Returns a dictionary of a tensor and a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> dict[str, Any]:
        return {"logits": self.fc(x), "extra": (x, None, x * 2)}


class Functional(nn.Module):
    """The way most people write a network: nonlinearities are functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1, self.fc2 = nn.Linear(8 * 12 * 12, 16), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.max_pool2d(x, 2)
        x = torch.flatten(self.dropout1(x), 1)
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


class Branching(nn.Module):
    """Depends on its data, so it cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(x)) if x.sum() > 0 else self.fc(x)


class Keywords(nn.Module):
    """Takes a mapping, as transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.fc = nn.Embedding(10, 6), nn.Linear(6, 6)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        return {"last_hidden_state": self.fc(self.embed(input_ids)) * attention_mask[..., None]}


class TwoInputs(nn.Module):
    """Takes two tensors and concatenates them by a function."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(7, 2)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.fc(torch.cat((x, y), dim=1))


def cases() -> list[Case]:
    """Return every case, freshly seeded."""
    torch.manual_seed(0)
    x = torch.randn(5, 4)
    pictures = torch.randn(5, 1, 28, 28)
    tokens = torch.randn(5, 7, 8)
    compiled = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    partly = nn.Sequential(torch.compile(nn.Linear(4, 3), backend="eager"), nn.ReLU())
    transformer = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, enable_nested_tensor=False
    ).eval()
    ids = {"input_ids": torch.randint(0, 10, (5, 7)), "attention_mask": torch.ones(5, 7).long()}

    def sequence(until: int) -> Callable[[Any, Any], Tensor]:
        return lambda m, x: m[:until](x)

    return [
        Case("in-place after the hook", InPlace(), pictures, "conv", lambda m, x: m.conv(x)),
        Case("train mode", Regular().train(), x, "drop", lambda m, x: m.norm(m.fc(x))),
        Case("shared, first call", Shared(), x, "relu#0", lambda m, x: m.a(x).relu()),
        Case("shared, second call", Shared(), x, "relu#1", lambda m, x: m(x)),
        Case("two names", TwoNames(), x, "tied", lambda m, x: m.encoder(x)),
        Case("tuple", nn.LSTM(4, 3, batch_first=True), torch.randn(5, 6, 4), "output[0]",
             lambda m, x: m(x)[0]),
        Case("tuple of attention", Attention(), tokens, "attention[1]",
             lambda m, x: m.attention(x, x, x)[1]),
        Case("dataclass", Nested(), x, "enc.last_hidden_state", lambda m, x: m.enc.fc(x).tanh()),
        Case("dictionary", Nested(), x, "head.extra[2]", lambda m, x: m.enc.fc(x).tanh() * 2),
        Case("output", Nested(), x, "output.logits", lambda m, x: m(x)["logits"]),
        Case("input", Shared(), x, "input", lambda m, x: x),
        Case("function", Functional(), pictures, "relu_1",
             lambda m, x: m.conv2(m.conv1(x).relu()).relu()),
        Case("function before dropout", Functional(), pictures, "max_pool2d",
             lambda m, x: F.max_pool2d(m.conv2(m.conv1(x).relu()).relu(), 2)),
        Case("concatenation", TwoInputs(), (x, torch.randn(5, 3)), "cat",
             lambda m, xs: torch.cat(xs, dim=1)),
        Case("keywords", Keywords(), ids, "embed", lambda m, b: m.embed(b["input_ids"])),
        Case("lazy", nn.Sequential(nn.LazyLinear(3), nn.ReLU()), x, "1", sequence(2)),
        Case("compiled", torch.compile(compiled, backend="eager"), x, "1",
             lambda m, x: compiled[:2](x)),
        Case("partly compiled", partly, x, "0", lambda m, x: m[0]._orig_mod(x)),
        Case("data parallel", nn.DataParallel(Shared()), x, "a", lambda m, x: m.module.a(x)),
        Case("transformer", transformer, tokens, "layers.0", lambda m, x: m.layers[0](x)),
        Case("branching", Branching(), x, "fc", lambda m, x: m.fc(x)),
    ]  # fmt: skip
