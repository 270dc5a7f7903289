"""What an answer rests on, found by covering the input part by part.

:func:`occlusion` says for every value of an input by how much a target falls when it is covered.
:func:`occlusion_maps` follows Zeiler and Fergus: for every place of a grey square, how strong the
strongest feature map still is, how probable the correct class, and which class is most probable.
Covering changes the input itself, so unlike a gradient it says what happens, though of inputs that
the network has never seen the like of. Leaves out parts that are no boxes.

References
----------
Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, Fig. 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.analysis.asking.occlusion import OcclusionMaps
from layerwise.attribution.axes import input_axis
from layerwise.attribution.windows import GREY, Baseline, Windows, baseline_of
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network import targets
from layerwise.network.model import unwrap
from layerwise.network.placing import Placing
from layerwise.network.question import as_tensors, batches, first_rows, question
from layerwise.network.sites import Survey
from layerwise.network.targets import Target
from layerwise.network.trace import survey

BATCH = 128
"""Inputs in one forward pass: so many fit the cache (``benchmarks/occlusion.py``)."""


def occlusion(
    model: nn.Module,
    target: Target | str,
    inputs: Any,
    window: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    baseline: Baseline = GREY,
    *,
    axes: Mapping[str, int] | None = None,
    batch_size: int = BATCH,
) -> Array:
    r"""Return for every value of the inputs by how much the target falls when it is covered.

    .. math:: a_p = \frac{1}{|W_p|} \sum_{w \in W_p} f(x) - f(x_{\setminus w})

    the mean over the windows :math:`W_p` that cover position p. Computed by Captum, with as many
    windows in one evaluation as make a batch.

    Parameters
    ----------
    model : left as it was
    target : what falls: :mod:`layerwise.targets`, or a text such as "logit:3"
    inputs : (n, channels, *positions), (n, n_features); or what else the network takes, of which
        the first floating part is covered
    window : positions that a window covers, or one number for each axis of positions; by default a
        fifth of the shorter side (features: one at a time). All channels are covered at once.
    stride : from one window to the next; by default a 32nd of the shorter side
    baseline : what covers: "grey" (halfway between the least and the largest value of each channel
        in these inputs), "mean" (of each channel), a number, or one for each channel
    axes : {"input": -1} if the channels (or features of tokens) come last and
        :func:`layerwise.network.channel_axes` thinks otherwise
    batch_size : covered inputs in one forward pass

    Returns
    -------
    (n, ...) float32 of the shape of the inputs, in units of the target
        The same for all channels. Where the last step does not end at the border, the last window
        is narrower.

    Raises
    ------
    UserError
        If a window is larger than the input or the stride than the window, or a target or model
        does not fit.

    Notes
    -----
    Costs one forward pass for every window and observation. For one picture of 28 x 28 and 169
    windows, a quarter of the CPU time of Captum's default of one window an evaluation, at equal
    values; for eight pictures, three quarters (``benchmarks/occlusion.py``).

    References
    ----------
    Zeiler and Fergus 2014; Kokhlikyan et al., "Captum", 2020.

    Examples
    --------
    >>> net = nn.Linear(3, 1, bias=False)
    >>> with torch.no_grad():
    ...     _ = net.weight.copy_(torch.tensor([[1.0, 2.0, 3.0]]))
    >>> occlusion(net, "logit:0", np.array([[1.0, 1.0, 2.0]]), baseline=0.0)
    array([[1., 2., 6.]], dtype=float32)
    """
    from captum.attr import Occlusion

    name = "occlusion"
    batch_size = checks.integer(name, "batch_size", batch_size, 1)
    axis = input_axis(model, inputs, axes)
    with question(model, target, inputs, axes=axes) as ask, torch.no_grad():
        x = ask.x
        windows = Windows.over(name, _positions(x, axis), window, stride)
        cover = baseline_of(name, x, baseline, axis)
        shapes, steps = list(windows.window), list(windows.stride)
        if axis:
            shapes.insert(axis - 1, x.shape[axis])
            steps.insert(axis - 1, x.shape[axis])
        found = torch.empty(x.shape)
        with bar(name, len(x) * (windows.n + 1), "inputs") as advance:

            def forward(covered: Tensor, rows: Tensor) -> Tensor:
                advance(len(covered))
                return ask(covered, rows)

            for rows in batches(len(x), batch_size):
                part, numbers = x[rows], torch.arange(rows.start, rows.stop)
                found[rows] = Occlusion(forward).attribute(
                    part, tuple(shapes), tuple(steps), baselines=cover,
                    additional_forward_args=(numbers,),
                    perturbations_per_eval=max(1, batch_size // len(part)),
                ).float().cpu()  # fmt: skip
    return found.numpy()


def occlusion_maps(
    model: nn.Module,
    inputs: Any,
    classes: Any = None,
    *,
    layer: str | None = None,
    channels: Any = None,
    window: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    baseline: Baseline = GREY,
    axes: Mapping[str, int] | None = None,
    batch_size: int = BATCH,
) -> OcclusionMaps:
    """Return what a network makes of an input with a square over each of its places, in one pass.

    Parameters
    ----------
    model : left as it was
    inputs : as of :func:`occlusion`
    classes : the correct class of each observation, or one of all; None for those that the network
        gives the whole inputs
    layer : whose strongest feature map is followed; by default the last that has maps
    channels : number of the feature map to follow, or one for each observation; by default the one
        with the largest activation anywhere in the whole input
    window, stride, baseline, axes, batch_size : as of :func:`occlusion`; here all windows are of
        one size, the last flush with the border

    Returns
    -------
    OcclusionMaps
        (b) activity, (d) probability, (e) predicted class, by place of the square.

    Raises
    ------
    UserError
        As of :func:`occlusion`; if no layer has maps, or there is no such class.

    Notes
    -----
    One forward pass for every place and observation; nothing but three numbers of each is kept.
    The paper does not say how large its square is, nor how it moves: a fifth of the side and steps
    of a 32nd are ours. Grey is in the network's own scale, so normalised inputs are no special
    case.

    References
    ----------
    Zeiler and Fergus 2014, Fig. 7.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 4))
    >>> found = occlusion_maps(net, np.zeros((2, 1, 8, 8), np.float32), [0, 3], window=4)
    >>> found.layer, found.probability.shape
    ('1', (2, 5, 5))
    """
    name = "occlusion_maps"
    batch_size = checks.integer(name, "batch_size", batch_size, 1)
    layer = last_maps(model, inputs) if layer is None else layer
    strongest, answers = _whole(model, inputs, layer, axes, batch_size)
    known = answers if classes is None else _each(name, "classes", classes, len(answers))
    followed = strongest if channels is None else _each(name, "channels", channels, len(answers))
    target, axis = targets.probability(known), input_axis(model, inputs, axes)
    with question(
        model, target, inputs, layers=[layer], output=True, axes=axes
    ) as ask, torch.no_grad():  # fmt: skip
        x, n = ask.x, len(ask.x)
        windows = Windows.over(name, _positions(x, axis), window, stride)
        cover = baseline_of(name, x, baseline, axis)
        numbers = np.tile(np.arange(windows.n + 1), n)  # the last is no window: the whole input
        rows = np.repeat(np.arange(n), windows.n + 1)
        found: list[list[Array]] = []
        with bar("occlusion", len(numbers), "inputs") as advance:
            for some in batches(len(numbers), batch_size):
                of = torch.from_numpy(rows[some])
                mask = windows.masks(numbers[some]).to(x.device)
                mask = mask.unsqueeze(axis) if axis else mask
                probability = ask(torch.where(mask, cover, x[of.to(x.device)]), of)
                activity = _maps(ask.layer(layer)).sum(2)
                at = torch.from_numpy(followed)[of].to(activity.device)
                if int(at.max()) >= activity.shape[1]:
                    raise checks.invalid(
                        name, "channels", f"below {activity.shape[1]}, the number of channels of "
                        f"{layer!r}", int(at.max()),
                    )  # fmt: skip
                activity = activity.gather(1, at[:, None])[:, 0]
                found.append([activity.double().cpu().numpy(), probability.double().cpu().numpy(),
                              ask.answers().cpu().numpy()])  # fmt: skip
                advance(len(of))
    maps = [np.concatenate(part).reshape(n, -1) for part in zip(*found, strict=True)]
    shape = (n, *windows.shape)
    return OcclusionMaps(
        layer, followed, known, windows.starts, windows.window, windows.size,
        *(one[:, :-1].reshape(shape) for one in maps), *(one[:, -1] for one in maps),
    )  # fmt: skip


def last_maps(model: nn.Module, inputs: Any) -> str:
    """Return the last layer that has maps: channels with as many axes of positions as the input.

    Raises
    ------
    InvalidValue
        If there is none.
    """
    found = _surveyed(model, inputs)
    rank = next(len(site.shape) for site in found.sites if site.name == "input")
    layers = [
        site.name
        for site in found.sites
        if site.default and len(site.shape) == rank > 1 and max(site.shape[1:]) > 1
    ]
    if not layers:
        raise checks.invalid(
            "occlusion_maps", "layer", "given for a network whose layers have no maps",
            "none", "Any layer will do: its strongest unit is followed.",
        )  # fmt: skip
    return layers[-1]


def _surveyed(model: nn.Module, inputs: Any) -> Survey:
    inner = unwrap(model)
    few = first_rows(Placing(inner)(as_tensors("occlusion", inputs)), 2)
    return survey(inner, few, functions=False)


def _positions(x: Tensor, axis: int) -> tuple[int, ...]:
    """Return the sizes of `x` that count neither observations nor channels."""
    return tuple(size for k, size in enumerate(x.shape) if k not in (0, axis))


def _whole(
    model: nn.Module, inputs: Any, layer: str, axes: Mapping[str, int] | None, batch_size: int
) -> tuple[Array, Array]:
    """Return the strongest channel of a layer and the answer, (n,) each, for the whole inputs."""
    target = targets.layer(layer)
    with question(model, target, inputs, output=True, axes=axes) as ask, torch.no_grad():
        found = []
        for rows in batches(len(ask.x), batch_size):
            ask(ask.x[rows], rows)
            strongest = _maps(ask.layer(layer)).amax(2).argmax(1)
            found.append((strongest.cpu().numpy(), ask.answers().cpu().numpy()))
    channels, answers = zip(*found, strict=True)
    return np.concatenate(channels), np.concatenate(answers)


def _maps(A: Tensor) -> Tensor:
    """Return activations as (n, n_channels, n_positions)."""
    return A.reshape(*A.shape[:2], -1)


def _each(function: str, argument: str, value: Any, n: int) -> Array:
    """Return one number for each observation."""
    numbers = np.asarray(value.cpu() if isinstance(value, Tensor) else value)
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (n,)) or numbers.min() < 0:
        raise checks.invalid(
            function, argument, f"a number >= 0, or {n} of them, one an observation",
            repr(value)[:80],
        )  # fmt: skip
    return np.broadcast_to(numbers, n).astype(np.int64)
