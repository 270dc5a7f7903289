"""A classifier's answers and their accuracy, batch by batch; the model is left as it was."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.checks import InvalidType, invalid
from layerwise.foundation.shapes import Array
from layerwise.network.model import as_it_was


def predict(model: nn.Module, inputs: Array | Tensor, *, batch_size: int = 256) -> Array:
    """Return the model's outputs (logits), in eval mode and without gradients.

    Parameters
    ----------
    model : the weights, buffers and every module's training flag stay as they are
    inputs : (n_observations, ...) numpy array or tensor; uint8 pixels are divided by 255
    batch_size : observations at once; only memory and speed depend on it

    Returns
    -------
    (n_observations, n_classes)

    Examples
    --------
    >>> predict(nn.Flatten(), np.full((2, 1, 1, 3), 255, np.uint8))
    array([[1., 1., 1.],
           [1., 1., 1.]], dtype=float32)
    """
    X = observations("predict", inputs)
    batch_size = checks.integer("predict", "batch_size", batch_size, 1)
    with as_it_was(model):
        outputs = [
            model(batch(model, X, slice(first, first + batch_size))).cpu()
            for first in range(0, len(X), batch_size)
        ]
    return torch.cat(outputs).numpy()


def accuracy(model: nn.Module, inputs: Array | Tensor, labels: Array | Tensor) -> float:
    """Return the fraction of observations whose largest output is that of their label.

    Parameters
    ----------
    inputs : (n_observations, ...), as for :func:`predict`
    labels : (n_observations,) integers, the class k means output k

    Examples
    --------
    >>> accuracy(nn.Flatten(), np.array([[0.1, 0.9], [0.8, 0.2]], np.float32), np.array([1, 1]))
    0.5
    """
    y = classes("accuracy", labels, len(inputs))
    return float((predict(model, inputs).argmax(axis=1) == y.numpy()).mean())


def observations(function: str, inputs: Array | Tensor, argument: str = "inputs") -> Tensor:
    """Return `inputs` as a tensor, without a copy, after a check that it has rows of numbers."""
    if not isinstance(inputs, np.ndarray | Tensor):
        raise InvalidType(
            f"{function}: {argument} must be a numpy array or a tensor; got "
            f"{type(inputs).__name__}. Stack the observations into one array."
        )
    if inputs.ndim < 2 or 0 in inputs.shape:
        raise invalid(
            function, argument, "(n_observations, ...) and not empty", tuple(inputs.shape)
        )
    if isinstance(inputs, Tensor):
        return inputs
    if inputs.dtype.kind not in "fiu":
        raise InvalidType(f"{function}: {argument} must be numeric; got dtype {inputs.dtype}.")
    with warnings.catch_warnings():  # a read-only memory map is fine: nobody writes to inputs
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(inputs))


def classes(
    function: str, labels: Array | Tensor, n_observations: int, argument: str = "labels"
) -> Tensor:
    """Return `labels` as an int64 tensor of class indices, one per observation."""
    plain = labels.detach().cpu().numpy() if isinstance(labels, Tensor) else labels
    array = checks.labels(function, plain, n_observations, argument)
    if array.dtype.kind not in "iu":
        raise InvalidType(
            f"{function}: {argument} must be integers, the class k for output k; got dtype "
            f"{array.dtype}. Number the classes: np.unique(labels, return_inverse=True)[1]."
        )
    return torch.from_numpy(array.astype(np.int64))


def batch(model: nn.Module, X: Tensor, rows: Tensor | slice) -> Tensor:
    """Return rows of `X` where and as the model wants them: its device, its float type."""
    like = next(model.parameters(), torch.empty(0))
    chosen = X[rows].to(like.device)
    if chosen.dtype == torch.uint8:
        return chosen.to(like.dtype).div_(255)
    return chosen.to(like.dtype) if chosen.is_floating_point() else chosen
