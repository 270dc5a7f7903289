"""The initial weights of Glorot and Bengio, drawn without touching torch's own random state."""

from __future__ import annotations

from torch import Generator, nn

from layerwise.foundation.random import RandomState, seed


def glorot_uniform(model: nn.Sequential, random_state: RandomState) -> nn.Sequential:
    r"""Give a model built on the device ``meta`` its memory, uniform weights and zero biases.

    .. math:: w \sim U(-a, a), \quad a = \sqrt{6 / (n_{in} + n_{out})}

    where a convolution counts its kernel positions in both. Building on ``meta`` skips torch's own
    initial draw, which would disturb the global random state.

    References
    ----------
    Glorot and Bengio 2010, equation 16.

    Examples
    --------
    >>> import torch
    >>> with torch.device("meta"):
    ...     model = nn.Sequential(nn.Linear(2, 4))
    >>> bool(glorot_uniform(model, 0)[0].weight.abs().max() <= 1)
    True
    """
    model.to_empty(device="cpu")
    draw = Generator().manual_seed(seed(random_state))
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(module.weight, generator=draw)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
