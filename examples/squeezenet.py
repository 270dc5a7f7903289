"""A stranger's SqueezeNet for ImageNet: its first filters, in colour.

Weights: squeezenet_v1.0_imagenet.npz, decoded from github.com/songhan/SqueezeNet-Deep-Compression
(BSD), by the layer names of Caffe. Run it: python examples/squeezenet.py FOLDER WEIGHTS PHOTOS,
where PHOTOS is a folder with one folder of pictures a class, or a table of files and classes.
"""

import os
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import layerwise as lw

NAMES = {"conv1x1_1": "squeeze", "conv1x1_2": "expand1", "conv3x3_2": "expand3", "w": "weight",
         "b": "bias"}  # fmt: skip


class Caffe(nn.Module):
    """RGB in [0, 1] to BGR in [0, 255] without the mean colour, as Caffe's networks expect."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([[[104.0]], [[117.0]], [[123.0]]]),
                             persistent=False)  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, h, w)."""
        return 255 * x.flip(1) - self.mean


class Fire(nn.Module):
    """Few 1x1 filters, then many of 1x1 and of 3x3, side by side."""

    def __init__(self, n_in: int, n_squeezed: int, n_out: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(n_in, n_squeezed, 1)
        self.expand1 = nn.Conv2d(n_squeezed, n_out // 2, 1)
        self.expand3 = nn.Conv2d(n_squeezed, n_out // 2, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the rectified activations of both kinds of filters."""
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1(x), self.expand3(x)], dim=1))


class SqueezeNet(nn.Module):
    """SqueezeNet 1.0 of Iandola et al. 2016."""

    def __init__(self) -> None:
        super().__init__()
        self.normalize = Caffe()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2)
        sizes = ((16, 128), (16, 128), (32, 256), (32, 256), (48, 384), (48, 384), (64, 512),
                 (64, 512))  # fmt: skip
        n_in = 96
        for i, (n_squeezed, n_out) in enumerate(sizes, start=2):
            self.add_module(f"fire{i}", Fire(n_in, n_squeezed, n_out))
            n_in = n_out
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv_final = nn.Conv2d(512, 1000, 1, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of (n, 3, 227, 227) photographs in [0, 1]; other sizes will do."""
        x = self.pool(F.relu(self.conv1(self.normalize(x))))
        x = self.pool(self.fire4(self.fire3(self.fire2(x))))
        x = self.pool(self.fire8(self.fire7(self.fire6(self.fire5(x)))))
        return F.relu(self.conv_final(self.fire9(x))).mean(dim=(2, 3))


def squeezenet(weights: str | Path | None = None) -> nn.Module:
    """Return the network, with the weights of a file if one is given, or SQUEEZENET names one."""
    model, weights = SqueezeNet(), weights or os.environ.get("SQUEEZENET")
    if weights:
        state = lw.network.load_weights(weights)  # "fire2/conv1x1_1/w" is fire2.squeeze.weight
        renamed = {".".join(NAMES.get(part, part) for part in name.split("/")): tensor
                   for name, tensor in state.items()}  # fmt: skip
        lw.network.apply_weights(model, renamed)
    return model


def main(folder: Path, weights: Path, photos: Path) -> None:
    """Name the photographs; draw all filters of the first layer, whose inputs are B, G and R."""
    model = squeezenet(weights)
    data = lw.data.load(photos, split="all", size=227)
    classes = next(iter(data.labels.values()))
    right = lw.models.accuracy(model, data.inputs(), classes)
    print(f"{len(data)} photographs: {100 * right:.1f} % named right")

    (conv1,) = lw.network.kernels(model, "conv1").values()
    images = lw.units.filter_images(conv1.weights, inputs=[2, 1, 0])
    figure = lw.figures.filter_sheet({"conv1": {"": images}}, title="SqueezeNet, trained")
    lw.figures.save(figure, folder / "squeezenet.png")
    print(folder / "squeezenet.png")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
