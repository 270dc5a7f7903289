"""Networks of the literature, and one plain loop that trains any network and keeps checkpoints."""

from layerwise.models.checkpoint import Checkpoint
from layerwise.models.convnet import convnet
from layerwise.models.evaluate import accuracy, predict
from layerwise.models.lenet import lenet
from layerwise.models.mlp import mlp
from layerwise.models.train import train
from layerwise.models.untrained import untrained

__all__ = ["Checkpoint", "accuracy", "convnet", "lenet", "mlp", "predict", "train", "untrained"]
