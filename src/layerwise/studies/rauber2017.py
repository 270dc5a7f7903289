"""Rauber, Fadel, Falcão and Telea 2017: what they did, and the numbers they published.

"Visualizing the Hidden Activity of Artificial Neural Networks", IEEE TVCG 23(1), 101-110. Figures
and Table 1 as published; batch sizes, learning rates and the share held out for validation are
those of two independent replications, since the text leaves them open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from layerwise.scores import ACCURACY, HIT_2D
from layerwise.studies import training
from layerwise.studies.training import TEST_ACCURACY

SOURCE = "Rauber et al. 2017"
N_NEIGHBORS = 6
HIDDEN = {"mlp": ("relu1", "relu2", "relu3", "relu4"), "cnn": ("relu5", "relu6")}
"""Hidden layers that are shown: of the convolutional network the dense ones, as in the paper."""


@dataclass(frozen=True)
class Profile(training.Profile):
    """How much work; `n_trees` is of each of the two forests whose mean the neuron maps show."""

    n_trees: int = 250


PROFILES = {
    "quick": {
        "mlp": Profile(epochs=5, batch_size=128, learning_rate=0.05, min_updates=250),
        # plain SGD stays at the largest class of SVHN for longer than a quick study lasts
        "cnn": Profile(
            epochs=10, batch_size=64, learning_rate=0.0005, optimizer="adam", min_updates=400
        ),
    },
    "paper": {
        "mlp": Profile(epochs=100, batch_size=16, learning_rate=0.01, decay=1e-9),
        "cnn": Profile(epochs=100, batch_size=32, learning_rate=0.01, decay=1e-6),
    },
}

_QUICK: dict[tuple[str, str], dict[str, Any]] = {
    # few images and epochs suffice
    ("cnn", "mnist"): {"n_train": 12_000, "epochs": 5},
    ("cnn", "fashion-mnist"): {"n_train": 12_000, "epochs": 5},
    # plain SGD stays at the largest class here too
    **{
        ("mlp", name): {
            "epochs": 15, "batch_size": 64, "learning_rate": 0.0001, "optimizer": "adam",
            "min_updates": 4_200,
        }
        for name in ("svhn", "cifar10", "cifar100")
    },
}  # fmt: skip
"""What is other in the quick profile, by network and data."""


def settings(profile: str, network: str, name: str) -> Profile:
    """Return the profile of one network on one data set.

    Examples
    --------
    >>> settings("quick", "cnn", "mnist").n_train
    12000
    """
    other = _QUICK.get((network, name), {}) if profile == "quick" else {}
    return replace(PROFILES[profile][network], **other)


_RAW, _BEFORE, _AFTER = "raw", "before", "after"

# (network, data, subset, time, layer: -1 is the last hidden one): (value, where)
_HITS = {
    ("mlp", "mnist", "test", _RAW, 0): (0.8912, "Fig. 2"),
    ("mlp", "mnist", "test", _BEFORE, -1): (0.8378, "Fig. 3a"),
    ("mlp", "mnist", "test", _AFTER, -1): (0.9836, "Fig. 3b"),
    ("mlp", "svhn", "test", _BEFORE, -1): (0.2094, "Fig. 4"),
    ("mlp", "svhn", "test", _AFTER, 0): (0.5278, "Fig. 5a"),
    ("mlp", "svhn", "test", _AFTER, -1): (0.67, "Fig. 5b"),
    ("cnn", "svhn", "test", _AFTER, -1): (0.8502, "Fig. 6"),
    ("cnn", "svhn", "train", _AFTER, -1): (0.9383, "Fig. 8"),
    ("cnn", "cifar10", "test", _AFTER, -1): (0.5343, "Fig. 9"),
}
_ACCURACY = {
    ("mlp", "mnist", "test"): (0.9915, "Fig. 3b"),
    ("cnn", "svhn", "train"): (0.999, "Fig. 8"),
    ("cnn", "cifar10", "test"): (0.787, "Fig. 9"),
}
_TEST_ACCURACY = {
    ("mlp", "mnist"): 0.9852,
    ("cnn", "mnist"): 0.9962,
    ("mlp", "svhn"): 0.7738,
    ("cnn", "svhn"): 0.9376,
    ("mlp", "cifar10"): 0.5291,
    ("cnn", "cifar10"): 0.7919,
}
N_CHECKPOINTS = 6
"""Epochs 0, 20, ... 100 (Fig. 11): as many, evenly spaced, whatever the number of epochs."""

POLARITY = "polarity"
"""Label column: how much brighter the centre of a picture is than its border (Fig. 6)."""

FIGURES = {
    "map test before last": {("mlp", "mnist"): "Fig. 3a", ("mlp", "svhn"): "Fig. 4"},
    "map test after first": {("mlp", "svhn"): "Fig. 5a"},
    "map test after last": {
        ("mlp", "mnist"): "Fig. 3b", ("mlp", "svhn"): "Fig. 5b", ("cnn", "svhn"): "Fig. 6",
        ("cnn", "cifar10"): "Fig. 9",
    },
    "map test before raw": {("mlp", "mnist"): "Fig. 2"},
    "map train after last": {("cnn", "svhn"): "Fig. 8"},
    "polarity": {("cnn", "svhn"): "Figs. 6 and 7"},
    "evolution over layers": {("mlp", "mnist"): "Fig. 10"},
    "evolution over epochs": {("cnn", "mnist"): "Fig. 11"},
    "neurons": {("cnn", "mnist"): "Fig. 12"},
    "discriminative neuron map": {("cnn", "svhn"): "Fig. 13"},
    "one neuron": {("cnn", "svhn"): "Fig. 14"},
}  # fmt: skip
"""Which figure of the paper shows the same, for the network and the data that it shows it for."""


SHOWN_CLASS = {"mnist": "8", "svhn": "3"}
"""The class whose neurons are shown: 8 in Fig. 12, the role of neuron 460 in Fig. 14."""


def figures(network: str, name: str) -> dict[str, str]:
    """Return the figures of the paper that show what a study of these shows.

    Examples
    --------
    >>> figures("cnn", "mnist")["neurons"]
    'Fig. 12'
    """
    return {key: known[network, name] for key, known in FIGURES.items() if (network, name) in known}


_PAPER_TRAINING = {"mnist": 50_000, "svhn": 61_048, "cifar10": 41_667}
"""Training images of the paper: its replications hold one sixth out for validation."""


def published(network: str, name: str, before: str, after: str) -> list[dict[str, Any]]:
    """Return the paper's values for one network and data set, by the row they stand beside.

    Examples
    --------
    >>> published("mlp", "mnist", "epoch-000", "epoch-100")[0]["value"]
    0.8912
    """
    rows = []
    for (net, data_name, subset, time, layer), (value, where) in _HITS.items():
        if (net, data_name) == (network, name):
            rows.append(
                {
                    "score": HIT_2D,
                    "method": "tsne",
                    "n_neighbors": N_NEIGHBORS,
                    "subset": subset,
                    "checkpoint": after if time == _AFTER else before,
                    "layer": "input" if time == _RAW else HIDDEN[network][layer],
                    "value": value,
                    "source": f"{SOURCE}, {where}",
                }
            )
    for (net, data_name, subset), (value, where) in _ACCURACY.items():
        if (net, data_name) == (network, name):
            place = {"subset": subset, "checkpoint": after, "layer": "", "value": value}
            rows.append({"score": ACCURACY, **place, "source": f"{SOURCE}, {where}"})
    if (network, name) in _TEST_ACCURACY:
        value = _TEST_ACCURACY[network, name]
        place = {"subset": "test", "checkpoint": after, "layer": "", "value": value}
        rows.append({"score": TEST_ACCURACY, **place, "source": f"{SOURCE}, Table 1"})
    return rows


def scale_down(network: str, name: str, settings: Profile, n_train: int) -> str:
    """Return what is smaller or other here than in the paper, in one sentence.

    Examples
    --------
    >>> scale_down("mlp", "mnist", PROFILES["quick"]["mlp"], 60_000)
    'Here: 60,000 training images, 5 epochs of SGD in batches of 128, learning rate 0.05. ...'
    """
    paper = PROFILES["paper"][network]
    here = settings.words(n_train)
    if name not in _PAPER_TRAINING:
        return f"{here} The paper did not use these data."
    return (
        f"{here} The paper: about {_PAPER_TRAINING[name]:,} images, {paper.epochs} epochs; SGD in "
        f"batches of {paper.batch_size}, learning rate {paper.learning_rate:g}, by replications. "
        "The initial weights and the exact observations of the paper are not known."
    )
