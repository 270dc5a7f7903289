"""Filters at checkpoints: reference by loops, contract of what a run keeps, bad input."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from tests.runs import make_run, small_run

from layerwise import analysis, units
from layerwise.foundation.checks import UserError
from layerwise.store.media import Pictures
from layerwise.studio.data.contents import Contents

rng = np.random.default_rng(0)
FIRST, LAST = "epoch-000", "epoch-009"


@dataclass
class FakeKernel:
    """A kernel without torch: the reading side knows its fields only."""

    layer: str
    weights: np.ndarray
    groups: int = 1
    kind: str = "Conv2d"
    stride: tuple[int, ...] = (1, 1)
    dilation: tuple[int, ...] = (1, 1)

    @property
    def n_filters(self) -> int:
        return len(self.weights)

    @property
    def n_inputs(self) -> int:
        return self.weights.shape[1] * self.groups

    @property
    def size(self) -> str:
        return "x".join(map(str, self.weights.shape[2:]))


def network(seed=0, factor=1.0):
    random = np.random.default_rng(seed)
    return {
        "conv1": FakeKernel("conv1", factor * random.normal(size=(6, 3, 5, 5))),
        "conv2": FakeKernel("conv2", factor * random.normal(size=(8, 3, 3, 3)), groups=2),
        "relu1": FakeKernel("relu1", factor * random.normal(size=(2, 8)), 1, "Linear", (), ()),
    }


@pytest.fixture
def run(tmp_path):
    return small_run(tmp_path / "run")


def test_reference_moved_is_the_norm_of_the_change_by_that_before():
    at = {FIRST: network(0), "epoch-003": network(1), LAST: network(2, 3.0)}
    found = analysis.filter_tables(at)
    assert len(found.kernels) == 9
    assert len(found.filters) == 3 * (6 + 8 + 2)
    for row in found.filters.to_dict("records"):
        before = at[FIRST][row["layer"]].weights[row["unit"]].ravel()
        now = at[row["checkpoint"]][row["layer"]].weights[row["unit"]].ravel()
        change = sum((a - b) ** 2 for a, b in zip(now, before, strict=True)) ** 0.5
        if row["checkpoint"] == FIRST:
            assert np.isnan(row["moved"])
        else:
            assert row["moved"] == pytest.approx(change / sum(b * b for b in before) ** 0.5)
        assert row["norm"] == pytest.approx(sum(a * a for a in now) ** 0.5)
        assert row["limit"] == pytest.approx(abs(now).max())
    for row in found.kernels.to_dict("records"):
        kernel, first = at[row["checkpoint"]][row["layer"]], at[FIRST][row["layer"]]
        assert row["norm"] == pytest.approx(np.sqrt((kernel.weights**2).sum()))
        assert row["effective_rank"] == units.effective_rank(kernel.weights, kernel.groups)
        assert row["max_rank"] == units.max_rank(kernel.weights, kernel.groups)
        if row["checkpoint"] != FIRST:
            change = np.sqrt(((kernel.weights - first.weights) ** 2).sum())
            assert row["moved"] == pytest.approx(change / np.sqrt((first.weights**2).sum()))
    conv2 = found.kernels[found.kernels["layer"] == "conv2"].iloc[0]
    assert conv2[["kind", "n_filters", "n_inputs", "size", "groups", "stride"]].tolist() == [
        "Conv2d", 8, 6, "3x3", 2, "1x1"
    ]  # fmt: skip


def test_contract_the_same_filters_at_every_checkpoint_on_one_scale_if_asked():
    at = {FIRST: network(0), LAST: network(1, 3.0)}
    found = analysis.filter_tables(at, scale="layer", filters=2)
    for layer, over in found.pictures.items():
        chosen = over[LAST].filters.numbers.tolist()
        norms = np.linalg.norm(
            at[LAST][layer].weights.reshape(at[LAST][layer].n_filters, -1), axis=1
        )
        assert chosen == np.argsort(-norms)[:2].tolist()
        assert over[FIRST].filters.numbers.tolist() == chosen
        shared = max(np.abs(one[layer].weights).max() for one in at.values())
        assert over[FIRST].limit == over[LAST].limit == pytest.approx(shared)
    drawn = found.filters[found.filters["picture"] != ""]
    assert len(drawn) == 2 * 2 * 3
    assert found.filters.loc[found.filters["picture"] == "", "limit"].isna().all()


def test_contract_a_filter_that_was_zero_has_not_moved_by_any_share():
    at = {FIRST: network(0), LAST: network(1)}
    at[FIRST]["conv1"].weights[2] = 0
    moved = analysis.filter_tables(at).filters.query("layer == 'conv1' and checkpoint == @LAST")
    assert moved["moved"].isna().tolist() == [False, False, True, False, False, False]


def test_contract_a_run_keeps_tables_and_pictures_and_replaces_them(run):
    at = {FIRST: network(0), LAST: network(1)}
    found = analysis.keep_filters(run, at)
    for name, expected in (("kernels", found.kernels), ("filters", found.filters)):
        by = ["checkpoint", "layer"] + ["unit"] * (name == "filters")
        stored = run.table(name).sort_values(by, ignore_index=True)
        assert stored.equals(expected.sort_values(by, ignore_index=True)), name
    sets = {(one.title.partition(":")[0], one.checkpoint): one
            for one in Pictures.sets(run.table("images"))}  # fmt: skip
    assert len(sets) == 6
    one = sets["conv1", LAST]
    np.testing.assert_array_equal(one.pixels, found.pictures["conv1"][LAST].pixels)
    assert (one.kind, one.layer, one.about) == ("filters", "", "unit")
    assert one.names == tuple("012345")
    assert one.title == (
        "conv1: all 6 filters, inputs 0, 1 and 2 as red, green and blue; each on its own scale"
    )
    matrix = sets["relu1", FIRST]
    assert (matrix.about, matrix.names, len(matrix.pixels)) == ("", ("",), 1)
    analysis.keep_filters(run, {LAST: network(1)}, filters=[1], scale="layer")
    assert len(run.table("kernels")) == 6
    titles = set(run.table("images").query("checkpoint == @LAST")["title"])
    assert any("filter 1 of 6" in title and "one scale to ±" in title for title in titles)
    assert not any("all 6 filters" in title for title in titles)
    assert run.verify() == []


def test_contract_pictures_of_recorded_units_are_linked_to_their_layer(tmp_path):
    run = make_run(tmp_path / "run", n=20)
    weights = {"relu1": rng.normal(size=(64, 64)), "relu2": rng.normal(size=(64, 64))}
    kernels = {name: FakeKernel(name, W, 1, "Linear", (), ()) for name, W in weights.items()}
    found = analysis.keep_filters(run, {"": kernels})
    kinds = {layer: over[""].kind for layer, over in found.pictures.items()}
    # The first layer sees the run's 8 x 8 pictures; the second 64 hidden units.
    assert kinds == {"relu1": "signed", "relu2": "matrix"}
    sets = {one.title.partition(":")[0]: one for one in Pictures.sets(run.table("images"))}
    assert (sets["relu1"].layer, sets["relu1"].about) == ("relu1", "unit")
    assert sets["relu1"].pixels.shape == (64, 8, 8, 3)
    assert (sets["relu2"].layer, sets["relu2"].about) == ("", "")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda run: analysis.keep_filters(run, {"epoch-099": network()}),
         "no checkpoint 'epoch-099' in"),
        (lambda run: analysis.keep_filters(run, {}),
         "filter_tables: checkpoints must be one or more, with layers; got none."),
        (lambda run: analysis.filter_tables({"": {}}),
         "filter_tables: checkpoints must be one or more, with layers; got none."),
        (lambda run: analysis.filter_tables({"": network()}, scale="unit"),
         "filter_tables: scale must be one of filter, layer; got 'unit'."),
        (lambda run: analysis.filter_tables({"": network()}, filters=[0, 5]),
         "layer relu1: filter_images: filters must be an integer in [0, 1]; got 5."),
        (lambda run: analysis.filter_tables({"": network()}, image_shape=(3, 3)),
         "filter_tables: image_shape must be that of a linear layer's inputs, 8 here; got 3 x 3."),
        (lambda run: analysis.filter_tables(
            {"a": {"conv1": network()["conv1"]}, "b": network()}), "no layer 'conv2' in "
         "checkpoint 'a'."),
        (lambda run: analysis.filter_tables(
            {"a": {"conv1": SimpleNamespace(weights=np.zeros((2, 2)))},
             "b": {"conv1": network()["conv1"]}}),
         "filter_tables: checkpoints must be of one network; got conv1 of shape (2, 2) and "
         "(6, 3, 5, 5)."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(run, make, sentence):
    with pytest.raises(UserError) as error:
        make(run)
    assert str(error.value).startswith(sentence)


def test_contract_the_studio_shows_them(run):
    analysis.keep_filters(run, {FIRST: network(0), LAST: network(1)})
    contents = Contents(run)
    manifest = contents.manifest()
    assert manifest["notes"] == []
    shown = manifest["runs"][0]["images"]
    assert {(one["kind"], one["checkpoint"]) for one in shown} == {("filters", 0), ("filters", 1)}
    conv1 = next(one for one in shown if one["title"].startswith("conv1"))
    assert (conv1["about"], conv1["layer"], conv1["index"]) == ("unit", None, [0, 1, 2, 3, 4, 5])
    assert contents.bytes(conv1["sheet"])[8:12] == b"WEBP"
