"""Your own network, written the usual way, seen before and after training. Ends in a picture.

Run it: python examples/own_model.py [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import layerwise as lw


class Net(nn.Module):
    """A small convolutional network whose nonlinearities are functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(16 * 4 * 4, 32), nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of (n, 1, 8, 8) digits."""
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def main(folder: Path) -> None:
    """Train for a moment; record what the second ReLU and the dense layer say of test digits."""
    torch.manual_seed(0)
    model, train, test = Net(), lw.data.load("digits", split="train"), lw.data.load("digits")

    layers = ["relu_1", "relu_2"]  # the second and third F.relu
    run = lw.record(model, test, to=folder / "run", layers=layers, checkpoint="before")

    x, y = torch.from_numpy(train.inputs()), torch.from_numpy(train.labels["digit"])
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(15):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    run = lw.record(model, test, to=folder / "run", layers=layers, checkpoint="after")

    panels = []
    for checkpoint in run.checkpoints:
        for layer in layers:
            X, digits = run.activations(layer, checkpoint), run.labels["digit"]
            Y = lw.projection.TSNE(random_state=0).fit_transform(X)
            hit = lw.scores.neighborhood_hit(Y, digits)
            panels.append(lw.figures.Panel(Y, labels=digits, caption=f"hit {100 * hit:.1f} %"))
    figure = lw.figures.small_multiples(panels, columns=layers, rows=run.checkpoints)
    lw.figures.save(figure, folder / "own_model.png")
    print(folder / "own_model.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
