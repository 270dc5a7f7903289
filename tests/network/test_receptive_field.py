"""Receptive fields: perturbing every pixel of the input (reference), known networks (closed form).

The reference changes one pixel at a time in a network of positive weights and looks which units
change: the box must be exactly around the pixels that change a unit, at every position.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.networks import ConvNext, Recurrent, Signals, SmallViT
from torch import Tensor, nn

from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.network import ModelError
from layerwise.network.receptive_field import receptive_fields

Change = Callable[[Tensor], Tensor]

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


class Applied(nn.Module):
    """A network of functions and modules, one after the other."""

    def __init__(self, *steps: Any) -> None:
        super().__init__()
        self.steps = steps
        self.held = nn.ModuleList(step for step in steps if isinstance(step, nn.Module))

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = step(x)
        return x


def positive(model: nn.Module) -> nn.Module:
    """Return the model in float64, all its weights positive, so that no two paths cancel."""
    generator = torch.Generator().manual_seed(0)
    for weights in model.parameters():
        drawn = torch.rand(weights.shape, generator=generator, dtype=torch.float64)
        weights.data = (drawn + 0.1) / 4
    return model.double().eval()


def perturbed(model: nn.Module, x: Tensor, dims: list[int], amount: float) -> np.ndarray:
    """Return which units of the output change with each position: (*positions, *unit)."""
    sizes = [x.shape[dim] for dim in dims]
    places = list(np.ndindex(*sizes))
    others = x.repeat(len(places), *[1] * (x.ndim - 1))
    some = torch.Generator().manual_seed(2)
    for other, place in zip(others, places, strict=True):
        index: list[Any] = [slice(None)] * other.ndim
        for dim, at in zip(dims, place, strict=True):
            index[dim - 1] = at
        # Not the same for all channels: a norm takes that away.
        change = torch.rand(other[tuple(index)].shape, generator=some, dtype=torch.float64)
        other[tuple(index)] += amount * (1 + change)
    with torch.no_grad():
        changed = (model(others) != model(x.expand_as(others))).numpy()
    return changed.reshape(*sizes, *changed.shape[1:])


def boxes(changed: np.ndarray, n_axes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last position on every axis that changes each unit."""
    low, high = [], []
    for axis in range(n_axes):
        others = tuple(a for a in range(n_axes) if a != axis)
        along = changed.any(axis=others)  # (size, *unit)
        some = along.any(axis=0)
        low.append(np.where(some, along.argmax(axis=0), 0))
        high.append(np.where(some, len(along) - 1 - along[::-1].argmax(axis=0), -1))
    return np.stack(low), np.stack(high)


def assert_exact(
    model: nn.Module, shape: tuple[int, ...], dims: list[int], amount: float = 1e3, **kwargs: Any
) -> None:
    """Compare the fields of the output's units with what perturbing shows."""
    x = torch.rand(1, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    positive(model)
    (field,) = receptive_fields(model, x, "output", **kwargs).values()
    low, high = boxes(perturbed(model, x, dims, amount), len(dims))
    axis = kwargs.get("axes", {}).get("output", 0)
    low, high = (np.moveaxis(ends, axis if axis == -1 else 1, 1) for ends in (low, high))
    np.testing.assert_array_equal(np.broadcast_to(field.low, low.shape), low)
    np.testing.assert_array_equal(np.broadcast_to(field.high, high.shape), high)


def residual(*steps: Any) -> Applied:
    """Add what the steps make of a value to the value."""
    inner = Applied(*steps)
    whole = Applied(lambda x: x + inner(x))
    whole.inner = inner
    return whole


def branches(*parts: Any) -> Applied:
    """Join branches by their channels."""
    whole = Applied(lambda x: torch.cat([part(x) for part in parts], 1))
    whole.parts = nn.ModuleList(part for part in parts if isinstance(part, nn.Module))
    return whole


STACKS: dict[str, Callable[[], list[Any]]] = {
    "dilated, strided, padded": lambda: [
        nn.Conv2d(1, 2, 3, dilation=3, padding=2), nn.ReLU(), nn.Conv2d(2, 2, (2, 3), stride=(3, 2))
    ],
    "same padding of an even kernel": lambda: [nn.Conv2d(1, 2, 4, padding="same")],
    "padding wider than the kernel": lambda: [nn.Conv2d(1, 2, 2, padding=3)],
    "ceil-mode pools": lambda: [
        nn.Conv2d(1, 2, 3), nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.AvgPool2d(2, 2, ceil_mode=True, padding=1),
    ],
    "dilated pool": lambda: [nn.MaxPool2d(3, 1, padding=1, dilation=2)],
    "adaptive pools": lambda: [nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d((4, 3)),
                               nn.AdaptiveMaxPool2d(3)],
    "global pool": lambda: [nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1)],
    "transposed": lambda: [
        nn.Conv2d(1, 2, 3, stride=2), nn.ConvTranspose2d(2, 2, 3, 3, 1, 1, dilation=2)
    ],
    "transposed with holes": lambda: [nn.ConvTranspose2d(1, 2, 2, stride=3), nn.MaxPool2d(2, 2)],
    "depthwise and grouped after branches": lambda: [
        branches(nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 5, padding=2)), nn.BatchNorm2d(4), nn.ReLU6(),
        nn.Conv2d(4, 4, 3, groups=2), nn.Conv2d(4, 8, 2, groups=4),
    ],
    "fire": lambda: [nn.Conv2d(1, 2, 3, stride=2), nn.MaxPool2d(3, 2, ceil_mode=True),
                     branches(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 3, padding=1))],
    "padding by functions": lambda: [
        lambda x: F.pad(x, (1, 0, 2, 1)), nn.Conv2d(1, 2, 3), nn.ReflectionPad2d(2),
        nn.Conv2d(2, 1, 3), nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 2, 3, stride=2),
        nn.ReplicationPad2d(1), nn.MaxPool2d(3),
    ],
    "cropping": lambda: [nn.ZeroPad2d(-2), nn.Conv2d(1, 1, 3, padding=1), lambda x: x[:, :, 1:-1]],
    "nearest upsampling": lambda: [nn.Conv2d(1, 1, 2, stride=2), nn.Upsample(scale_factor=3),
                                   nn.Conv2d(1, 1, 2)],
    "bilinear upsampling": lambda: [
        nn.Conv2d(1, 1, 2, stride=2), nn.Upsample((9, 11), mode="bilinear")
    ],
    "bilinear, aligned corners": lambda: [
        nn.Upsample((9, 13), mode="bilinear", align_corners=True), nn.Conv2d(1, 1, 2)
    ],
    "shuffles": lambda: [nn.Conv2d(1, 4, 3), nn.PixelShuffle(2), nn.PixelUnshuffle(2),
                         nn.ChannelShuffle(2)],
    "unfold": lambda: [nn.Unfold(3, dilation=2, padding=1, stride=2), lambda x: x[..., None]],
    "flattened": lambda: [nn.Conv2d(1, 2, 3, stride=2), nn.Flatten()],
    "dense": lambda: [nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(220, 3), nn.ReLU()],
    "in place": lambda: [nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(inplace=True),
                         residual(nn.Conv2d(2, 2, 3, padding=1)), lambda x: x.add_(1).mul_(2)],
    "in-place sum of branches": lambda: [
        lambda x: F.avg_pool2d(x, 3, 1, 1).add_(F.max_pool2d(x, (1, 5), 1, (0, 2)))
    ],
    "rows and columns apart": lambda: [nn.Conv2d(1, 2, (1, 5)), nn.Conv2d(2, 2, (5, 1))],
    "reductions": lambda: [nn.Conv2d(1, 3, 3), lambda x: x.mean(3), lambda x: x.amax(1, True)],
    "permuted to channels last": lambda: [
        nn.Conv2d(1, 3, 3, stride=2), lambda x: x.permute(0, 2, 3, 1), nn.Linear(3, 2),
        lambda x: x.permute(0, 3, 1, 2),
    ],
    "gate": lambda: [nn.Conv2d(1, 4, 3), nn.GLU(1), nn.Hardswish(), nn.PReLU()],
    "flip, roll, repeat": lambda: [
        nn.Conv2d(1, 1, 3), lambda x: x.flip(2).roll(2, 3).repeat(1, 2, 1, 1)
    ],
    "matrix product": lambda: [nn.Conv2d(1, 2, 3, padding=1), lambda x: x @ x.transpose(2, 3)],
    "cumulated": lambda: [lambda x: x.cumsum(2)],
}  # fmt: skip


@pytest.mark.parametrize("name", STACKS)
def test_reference_boxes_are_exactly_around_what_changes_a_unit(name: str) -> None:
    assert_exact(Applied(*STACKS[name]()), (1, 12, 13), [2, 3])


def test_reference_shortcut_a_of_a_residual_network() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(1, 2, 3, padding=1)
            self.conv1 = nn.Conv2d(2, 4, 3, stride=2, padding=1)
            self.conv2 = nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            x = F.relu(self.stem(x))
            short = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 1))
            return F.relu(self.conv2(F.relu(self.conv1(x))) + short)

    assert_exact(Block(), (1, 12, 13), [2, 3])


@pytest.mark.parametrize(
    ("make", "dims", "shape"),
    [
        (lambda: nn.Sequential(nn.GroupNorm(2, 4), nn.Conv2d(4, 2, 3)), [2, 3], (4, 6, 6)),
        (lambda: nn.Sequential(nn.InstanceNorm2d(2), nn.Conv2d(2, 2, 3)), [2, 3], (2, 6, 6)),
        (lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.LocalResponseNorm(2)), [2, 3], (2, 6, 6)),
        (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.Softmax2d()), [2, 3], (2, 6, 6)),
        (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.Softmax(2)), [2, 3], (2, 6, 6)),
        (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.LayerNorm((4, 4))), [2, 3], (2, 6, 6)),
    ],
)
def test_reference_normalisations_see_what_they_average(
    make: Callable[[], nn.Module], dims: list[int], shape: tuple[int, ...]
) -> None:
    assert_exact(make(), shape, dims, amount=1e-2)


def pick(index: int) -> Change:
    return lambda out: out[index]


@pytest.mark.parametrize(
    ("make", "last"),
    [
        (lambda: [nn.LSTM(3, 4, batch_first=True), pick(0)], -1),
        (lambda: [nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), pick(0)], -1),
        (lambda: [nn.GRU(3, 4, batch_first=True), pick(0)], -1),
        (lambda: [nn.RNN(3, 4, batch_first=True), pick(0), nn.RMSNorm(4), nn.Linear(4, 2)], -1),
        (lambda: [nn.LayerNorm(3), lambda x: F.scaled_dot_product_attention(x, x, x)], -1),
        (
            lambda: [
                lambda x: F.scaled_dot_product_attention(*3 * [x[:, None]], is_causal=True)[:, 0]
            ],
            -1,
        ),
        (lambda: [nn.TransformerEncoderLayer(3, 1, 5, batch_first=True)], -1),
        (lambda: [lambda x: x.transpose(1, 2), nn.Conv1d(3, 2, 3, dilation=2), nn.MaxPool1d(2)], 0),
        (lambda: [lambda x: x.transpose(1, 2), nn.AvgPool1d(3, 2, 1), nn.AdaptiveMaxPool1d(2)], 0),
        (lambda: [lambda x: torch.stack(x.unbind(1)[::2], 2)], 0),
        (lambda: [lambda x: torch.einsum("ntd,nd->nt", x, x[:, 2]), lambda x: x[..., None]], -1),
    ],
)
def test_reference_sequences(make: Callable[[], list[Any]], last: int) -> None:
    axes = {"input": -1, "output": last}
    assert_exact(Applied(*make()), (7, 3), [1], amount=1e-2 if last else 1e3, axes=axes)


convolutions = st.builds(
    lambda groups, kernel, stride, padding, dilation: nn.Conv2d(
        2, 2, kernel, stride, padding, dilation, groups=groups
    ),
    st.sampled_from([1, 2]), st.tuples(st.integers(1, 4), st.integers(1, 4)), st.integers(1, 3),
    st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(1, 3),
)  # fmt: skip
pools = st.builds(
    lambda kind, kernel, stride, padding, ceil: kind(
        kernel, stride, min(padding, kernel // 2), ceil_mode=ceil
    ),
    st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]), st.integers(1, 4), st.integers(1, 3),
    st.integers(0, 2), st.booleans(),
)  # fmt: skip
transposed = st.builds(
    lambda kernel, stride, padding: nn.ConvTranspose2d(2, 2, kernel, stride, padding),
    st.integers(1, 4), st.integers(1, 3), st.integers(0, 1),
)  # fmt: skip
slices = st.builds(
    lambda first, step: lambda x: x[:, :, first::step, ::step], st.integers(0, 2), st.integers(1, 2)
)
same = st.builds(
    lambda kernel, dilation: residual(nn.Conv2d(2, 2, kernel, padding="same", dilation=dilation)),
    st.integers(1, 4), st.integers(1, 2),
)  # fmt: skip
fire = st.builds(
    lambda kernel: Applied(
        branches(nn.Conv2d(2, 1, 1), nn.Conv2d(2, 1, kernel, padding=kernel // 2)), nn.ReLU()
    ),
    st.sampled_from([3, 5]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(convolutions, pools, transposed, slices, same, fire), max_size=4))
def test_reference_random_stacks(steps: list[Any]) -> None:
    model = Applied(*steps)
    positive(model)
    try:
        with torch.no_grad():
            out = model(torch.zeros(1, 2, 9, 8, dtype=torch.float64))
    except RuntimeError:  # a kernel larger than its input
        assume(False)
    assume(0 < out.numel() < 2000)
    assert_exact(model, (2, 9, 8), [2, 3])


def vgg() -> nn.Sequential:
    """VGG-16 in small: the widths do not matter."""
    steps: list[nn.Module] = []
    width = 3
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            steps += [nn.Conv2d(width, 2, 3, padding=1), nn.ReLU()]
            width = 2
        steps += [nn.MaxPool2d(2)]
    return nn.Sequential(*steps)


def test_closed_form_vgg16_has_the_published_fields() -> None:
    """Araujo et al. 2019: 212 at the last pool of VGG-16, with stride 32."""
    fields = receptive_fields(vgg(), torch.zeros(1, 3, 224, 224))
    pools = [field for name, field in fields.items() if field.positions[0] in (112, 56, 28, 14, 7)]
    at_pools = {field.positions[0]: field for field in pools}
    first_of = {side: next(f for f in pools if f.positions[0] == side) for side in at_pools}
    assert [first_of[side].size[0] for side in (112, 56, 28, 14, 7)] == [6, 16, 44, 100, 212]
    assert [first_of[side].stride[0] for side in (112, 56, 28, 14, 7)] == [2, 4, 8, 16, 32]


@pytest.mark.parametrize("side", [32, 160])
def test_closed_form_the_size_does_not_depend_on_the_borders(side: int) -> None:
    """ResNet-20 ends in fields of 81 x 81, on pictures of 32 x 32 as on larger ones."""
    steps: list[nn.Module] = [nn.Conv2d(3, 2, 3, padding=1)]
    for stride in (1, 1, 1, 2, 1, 1, 2, 1, 1):
        steps += [nn.Conv2d(2, 2, 3, stride, 1), nn.Conv2d(2, 2, 3, 1, 1)]
    fields = list(receptive_fields(nn.Sequential(*steps), torch.zeros(1, 3, side, side)).values())
    last, first = fields[-1], fields[0]
    assert (last.size, last.stride, last.start) == ((81, 81), (4, 4), (0, 0))
    assert (first.size, first.stride, first.start) == ((3, 3), (1, 1), (0, 0))
    if side == 160:
        assert last.interval((20, 20)) == ((40, 120), (40, 120))
    assert last.interval((0, 0), 1) == ((0, min(40, side - 1)),) * 2


TOKENS = ["patches", "add", "encoder.?.norm1", "encoder.1.mlp.0", "norm", "output"]


def test_outcome_tokens_see_their_patch_until_attention_sees_all() -> None:
    fields = receptive_fields(SmallViT(), torch.zeros(1, 3, 8, 8), TOKENS)
    patch = fields["add"].interval((6,))
    assert patch == ((2, 3), (4, 5))  # the second row, the third column
    assert fields["add"].size == fields["encoder.0.norm1"].size == (2, 2)
    assert fields["add"].stride == (2, 2)
    assert fields["encoder.1.norm1"].interval((6,)) == ((0, 7), (0, 7))
    assert fields["output"].interval(()) == ((0, 7), (0, 7))


def test_outcome_channels_last_blocks_and_signals() -> None:
    fields = receptive_fields(ConvNext(), torch.zeros(1, 3, 64, 64))
    assert fields["blocks.0.down"].size == (14, 14)  # 2 + 6 x 2
    assert fields["blocks.1.down"].size == (26, 26)
    signal = receptive_fields(Signals(), torch.zeros(1, 2, 40), ["conv*", "relu*"])
    assert (signal["conv2"].size, signal["conv2"].stride) == ((13,), (2,))
    steps = receptive_fields(Recurrent(), torch.zeros(1, 2, 20), ["lstm*"])
    assert steps["lstm[0]"].interval((4,)) == ((0, 5),)


def test_outcome_a_channel_has_the_field_of_its_branch() -> None:
    net = branches(nn.Conv2d(1, 2, 1), nn.Conv2d(1, 3, 5, padding=2))
    field = receptive_fields(net, torch.zeros(1, 1, 9, 9), "output")["output"]
    assert field.interval((4, 4), 1) == ((4, 4), (4, 4))
    assert field.interval((4, 4), 2) == field.interval((4, 4)) == ((2, 6), (2, 6))
    assert field.n_channels == 5


def test_outcome_words_are_positions_and_features_have_none() -> None:
    net = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2))
    fields = receptive_fields(net, torch.zeros(1, 6, dtype=torch.long))
    assert fields["1"].interval((3,)) == ((3, 3),)
    assert receptive_fields(nn.Linear(4, 2), torch.zeros(1, 4), "output") == {}


def test_outcome_untraceable_models_are_followed_too() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(1, 1, 3)

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(int(x.sum()) + 2):
                x = self.conv(x)
            return x

    assert receptive_fields(Branching(), torch.zeros(1, 1, 9), "output")["output"].size == (5,)


def test_contract_what_has_no_rule_is_named_and_can_be_left_out() -> None:
    net = nn.Sequential(
        nn.Conv1d(1, 1, 3), Applied(lambda x: torch.fft.rfft(x).real), nn.Conv1d(1, 1, 1)
    )
    with pytest.raises(ModelError, match=r"layer '1' of Sequential .* '_fft_r2c', which has no ru"):
        receptive_fields(net, torch.zeros(1, 1, 9))
    assert list(receptive_fields(net, torch.zeros(1, 1, 9), strict=False)) == ["0"]


def circular(x: Tensor) -> Tensor:
    return F.pad(x, (1, 1), mode="circular")


def into_part(x: Tensor) -> Tensor:
    whole = torch.zeros_like(x)
    whole[:, :, ::2] = x[:, :, ::2]
    return whole + 1


def behind_a_view(x: Tensor) -> Tensor:
    x = x * 1
    x.view(-1, x.shape[-1]).add_(x.flip(2).view(-1, x.shape[-1]))
    return x + 1


def by_index(x: Tensor) -> Tensor:
    return x.gather(2, x.long().clamp(0, 3))


@pytest.mark.parametrize("step", [circular, into_part, behind_a_view])
def test_contract_writing_through_views_is_refused_not_guessed(step: Change) -> None:
    with pytest.raises(ModelError, match="writing into a part of a tensor"):
        receptive_fields(Applied(step), torch.zeros(1, 1, 9), "output")


def test_contract_moves_that_depend_on_the_data_are_refused() -> None:
    with pytest.raises(ModelError, match="'gather'"):
        receptive_fields(Applied(by_index), torch.zeros(1, 1, 9), "output")


def test_contract_constants_made_in_the_forward_may_be_written_into() -> None:
    def step(x: Tensor) -> Tensor:
        mask = torch.zeros(x.shape[2])
        mask[2:4] = 1
        return (x * mask).masked_fill(mask == 0, 0.5)

    field = receptive_fields(Applied(step), torch.zeros(1, 1, 9), "output")["output"]
    assert field.interval((3,)) == ((3, 3),)


def test_law_the_model_is_left_as_it_was() -> None:
    model = SmallViT().train()
    state = copy.deepcopy(model.state_dict())
    fast = torch.backends.mha.get_fastpath_enabled()
    receptive_fields(model, torch.randn(3, 3, 8, 8))
    assert model.training
    assert model.encoder.training
    assert torch.backends.mha.get_fastpath_enabled() == fast
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_contract_positions_that_do_not_exist_are_one_sentence() -> None:
    field = receptive_fields(nn.Conv2d(1, 2, 3), torch.zeros(1, 1, 8, 8), "output")["output"]
    assert field.middle == (3, 3)
    assert field.positions == (6, 6)
    with pytest.raises(InvalidValue, match=r"position must be 2 numbers, .*\(6, 6\); got \(1,\)"):
        field.interval((1,))
    with pytest.raises(InvalidValue, match=r"position\[1\] must be an integer in \[0, 5\]; got 6"):
        field.interval((0, 6))
    with pytest.raises(InvalidValue, match=r"channel must be an integer in \[0, 1\]; got 2"):
        field.interval((0, 0), 2)
    with pytest.raises(InvalidType, match="position"):
        field.interval((0.5, 0))  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="batch must be of one observation or more; got none"):
        receptive_fields(nn.Conv2d(1, 2, 3), torch.zeros(0, 1, 8, 8))


def test_outcome_a_recurrent_layer_behind_a_transposition_sees_the_steps_before() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(2, 3, batch_first=True)

        def forward(self, x: Tensor) -> Any:
            return self.gru(x.transpose(1, 2))[0]

    field = receptive_fields(Turned(), torch.zeros(1, 2, 9))["gru[0]"]
    assert [field.interval((t,)) for t in (0, 5, 8)] == [((0, 0),), ((0, 5),), ((0, 8),)]


def test_outcome_units_of_padding_alone_see_nothing() -> None:
    net = nn.Sequential(nn.ZeroPad2d(3), nn.Conv2d(1, 1, 2))
    field = receptive_fields(net, torch.zeros(1, 1, 5, 5))["1"]
    assert field.interval((0, 0)) is None
    assert field.interval((2, 2)) == ((0, 0), (0, 0))
