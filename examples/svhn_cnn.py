"""A stranger's network for house numbers: what its filters answer to each digit, on average.

Weights: svhn_cnn.pth of the PyPI package ccexam 1.0.0 (MIT). The names in the file are those of
the modules here, so `layerwise study ... --model examples/svhn_cnn.py:svhn_cnn --weights FILE`
works too. Run it: python examples/svhn_cnn.py FOLDER WEIGHTS
"""

import sys
from pathlib import Path

import torch
from torch import nn

import layerwise as lw
from layerwise.recording import tally


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


def block(n_in: int, n_out: int) -> nn.Sequential:
    """Return two convolutions, each normalised and rectified, and a pool."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(),
        nn.Conv2d(n_out, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(),
        nn.MaxPool2d(2),
    )  # fmt: skip


class SvhnCnn(nn.Module):
    """Three blocks of 32, 64 and 128 filters, then 256 dense units."""

    def __init__(self) -> None:
        super().__init__()
        self.normalize = Normalize((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970))
        self.features = nn.Sequential(block(3, 32), block(32, 64), block(64, 128))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(2048, 256), nn.ReLU(), nn.Dropout(), nn.Linear(256, 10)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of (n, 3, 32, 32) pictures in [0, 1]."""
        return self.classifier(self.features(self.normalize(x)))


def svhn_cnn(weights: str | Path | None = None) -> nn.Module:
    """Return the network, with the weights of a file if one is given."""
    model = SvhnCnn()
    if weights is not None:
        lw.network.apply_weights(model, lw.network.load_weights(weights))
    return model


def main(folder: Path, weights: Path) -> None:
    """Average what the second block makes of each digit, before and after training."""
    trained, data, layer = svhn_cnn(weights), lw.data.load("svhn"), "features.1.5"
    right = lw.models.accuracy(trained, data.inputs(), data.labels["digit"])
    print(f"{len(data)} pictures: {100 * right:.1f} % named right")

    networks = {"untrained": lw.models.untrained(trained), "trained": trained}
    tallies = {name: tally(model, data, layer)[layer] for name, model in networks.items()}
    told = lw.units.selectivity(tallies["trained"].by_class())
    filters = told["eta2"].nlargest(10).index.to_numpy()  # those that tell digits apart best
    figure = lw.figures.class_maps(
        [one.class_maps()[:, filters] for one in tallies.values()], list(tallies),
        filters=filters, class_names=data.class_names["digit"],
        title=f"Mean maps of {layer} for each digit",
    )  # fmt: skip
    lw.figures.save(figure, folder / "svhn_cnn.png")
    print(folder / "svhn_cnn.png")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
