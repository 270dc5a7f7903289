"""A stranger's MobileNetV2 for ImageNet: one photograph on its way through the layers.

Weights: mobilenet_v2_1.0_224_imagenet.npz, dequantised from github.com/google-coral/test_data
(Apache-2.0), batch normalisation folded in, 1,001 classes of which the first is background.
Run it: python examples/mobilenet_v2.py FOLDER WEIGHTS PHOTOS, where PHOTOS is a folder with one
folder of pictures a class, or a table of files and classes.
"""

import os
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import layerwise as lw
from layerwise.recording import activations

WIDTHS = (16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320)
STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)


class SamePad(nn.Conv2d):
    """A 3x3 convolution with TensorFlow's padding: at stride 2, right and below only."""

    def __init__(self, n_in: int, n_out: int, stride: int, groups: int = 1) -> None:
        super().__init__(n_in, n_out, 3, stride, groups=groups)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return as many positions as `x` has, or half."""
        return super().forward(F.pad(x, (0, 1, 0, 1) if self.stride == (2, 2) else (1, 1, 1, 1)))


class Block(nn.Module):
    """Widen by 1x1, filter each channel on its own, narrow by 1x1 without a nonlinearity."""

    def __init__(self, n_in: int, n_out: int, stride: int, widen: int) -> None:
        super().__init__()
        wide = widen * n_in
        self.expand = nn.Conv2d(n_in, wide, 1) if widen > 1 else None
        self.depthwise = SamePad(wide, wide, stride, groups=wide)
        self.project = nn.Conv2d(wide, n_out, 1)
        self.adds = stride == 1 and n_in == n_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the projection, added to the input where the shapes agree."""
        wide = x if self.expand is None else F.relu6(self.expand(x))
        narrow = self.project(F.relu6(self.depthwise(wide)))
        return x + narrow if self.adds else narrow


class MobileNetV2(nn.Module):
    """MobileNetV2 1.0 of Sandler et al. 2018."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SamePad(3, 32, stride=2)
        n_in = 32
        for i, (n_out, stride) in enumerate(zip(WIDTHS, STRIDES, strict=True)):
            self.add_module(f"block{i}", Block(n_in, n_out, stride, widen=6 if i else 1))
            n_in = n_out
        self.last, self.logits = nn.Conv2d(320, 1280, 1), nn.Conv2d(1280, 1001, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of (n, 3, 224, 224) photographs in [0, 1], without background."""
        x = F.relu6(self.stem(2 * x - 1))
        for i in range(len(WIDTHS)):
            x = self.get_submodule(f"block{i}")(x)
        x = F.relu6(self.last(x)).mean(dim=(2, 3), keepdim=True)
        return self.logits(x).flatten(1)[:, 1:]


def mobilenet_v2(weights: str | Path | None = None) -> nn.Module:
    """Return the network, with the weights of a file if one is given, or MOBILENET_V2 names one."""
    model, weights = MobileNetV2(), weights or os.environ.get("MOBILENET_V2")
    if weights:
        state = lw.network.load_weights(weights)  # "block1/expand/w" is block1.expand.weight
        ends = {"w": "weight", "b": "bias"}
        renamed = {}
        for name, tensor in state.items():
            module, _, end = name.rpartition("/")
            renamed[f"{module.replace('/', '.')}.{ends[end]}"] = tensor
        lw.network.apply_weights(model, renamed)
    return model


def main(folder: Path, weights: Path, photos: Path) -> None:
    """Name the photographs; draw what some layers make of the last one."""
    model, data = mobilenet_v2(weights), lw.data.load(photos, split="all", size=224)
    (label, classes), *_ = data.labels.items()
    right = lw.models.accuracy(model, data.inputs(), classes)
    print(f"{len(data)} photographs: {100 * right:.1f} % named right")

    last = len(data) - 1
    name = data.class_names[label][classes[last]]
    groups = [lw.figures.Tiles(data.observations[[last]], caption=f"input: {name}")]
    rectified = ["relu6", "relu6_6", "relu6_12", "relu6_34"]  # of stem, block3, block6 and last
    for layer, maps in activations(model, (data, last), rectified).items():
        images = lw.units.map_images(maps.values, channels=5, scale="channel")
        groups.append(lw.figures.map_tiles(layer, "", images))
    figure = lw.figures.tiles(groups, title="MobileNetV2, trained")
    lw.figures.save(figure, folder / "mobilenet_v2.png")
    print(folder / "mobilenet_v2.png")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
