"""A stranger's ResNet-20 for CIFAR-10: its classes come apart layer by layer.

Weights: resnet20-12fca82f.th of github.com/akamaster/pytorch_resnet_cifar10 (BSD-2-Clause). The
names in the file are those of the modules here, so
`layerwise study ... --model examples/resnet20.py:resnet20 --weights FILE` works too.
Run it: python examples/resnet20.py FOLDER WEIGHTS
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import layerwise as lw


class Normalize(nn.Module):
    """Pictures in [0, 1] to what the network was trained on."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("std", std)):
            column = torch.tensor(values).reshape(-1, 1, 1)
            self.register_buffer(name, column, persistent=False)  # not among the weights

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, c, h, w) with mean 0 and deviation 1 over the training set."""
        return (x - self.mean) / self.std


class Block(nn.Module):
    """Two convolutions beside a shortcut that has no weights (option A of He et al. 2015)."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.stride, self.added = stride, (n_out - n_in) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the rectified sum; where the size halves, every other pixel, and zero channels."""
        short = x[:, :, :: self.stride, :: self.stride]
        short = F.pad(short, (0, 0, 0, 0, self.added, self.added))
        return F.relu(short + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class ResNet20(nn.Module):
    """A convolution, nine blocks of 16, 32 and 64 filters, the mean over positions, one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.normalize = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        for i, (n_in, n_out) in enumerate(((16, 16), (16, 32), (32, 64)), start=1):
            blocks = [Block(n_in, n_out, stride=1 if i == 1 else 2)]
            blocks += [Block(n_out, n_out, stride=1) for _ in range(2)]
            self.add_module(f"layer{i}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of (n, 3, 32, 32) pictures in [0, 1]."""
        x = F.relu(self.bn1(self.conv1(self.normalize(x))))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean(dim=(2, 3)))


def resnet20(weights: str | Path | None = None) -> nn.Module:
    """Return the network, with the weights of a file if one is given."""
    model = ResNet20()
    if weights is not None:
        lw.network.apply_weights(model, lw.network.load_weights(weights))
    return model


def main(folder: Path, weights: Path) -> None:
    """Record test pictures in every stage, before and after training; map each stage."""
    data = lw.data.load("cifar10").sample(600)
    trained, stages = resnet20(weights), ["layer1", "layer2", "layer3"]
    networks = {"untrained": lw.models.untrained(trained), "trained": trained}
    for name, model in networks.items():
        run = lw.record(model, data, to=folder / "run", layers=["input", *stages, "output"],
                        pooling={"layer?": "mean"}, checkpoint=name)  # fmt: skip
        right = lw.models.accuracy(model, data.inputs(), data.labels["class"])
        print(f"{name}: {100 * right:.1f} % of {len(data)} pictures named right")

    panels, classes = [], run.labels["class"]
    for checkpoint in run.checkpoints:
        for layer in ["input", *stages]:
            found = lw.analysis.project(run, layer=layer, checkpoint=checkpoint)
            Y = found[["x", "y"]].to_numpy()
            hit = lw.scores.neighborhood_hit(Y, classes)
            panels.append(lw.figures.Panel(Y, classes, caption=f"hit {100 * hit:.1f} %"))
    figure = lw.figures.small_multiples(
        panels, columns=["input", *stages], rows=run.checkpoints,
        class_names=run.class_names("class"),
    )  # fmt: skip
    lw.figures.save(figure, folder / "resnet20.png")
    print(folder / "resnet20.png")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
