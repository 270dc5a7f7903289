"""The data contract. Kind: contract (every name resolves), golden (the manifest), round trip."""

from __future__ import annotations

import json
import shutil
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.runs import (
    evolution_rows,
    make_run,
    map_rows,
    ranking_rows,
    score_rows,
    small_run,
    unit_rows,
)
from tests.studio.odd import ATTACK, odd_run
from tests.studio.reading import Page

from layerwise.foundation.checks import InvalidValue, NotFound, UserError
from layerwise.store import Layer, Run, StoreError
from layerwise.studio import Contents
from layerwise.studio.data.contents import sample

GOLDEN = Path(__file__).parent / "manifest.json"
HOSTILE = [
    "", "/", "r0", "../run.json", "r0/../r0/rows", "r0/rows/", "/r0/rows", "r0\\rows", "r0/rows\0",
    "r0/act/1@0", "r0/act/1@0/64", "r0/act/1@0/-1", "r0/act/1@0/01", "r0/act/1@0/٣",
    "r0/act/1@0/1e0", "r0/act/1@0/" + "9" * 5000, "r0/rows/0", "r9/rows", "R0/rows", "x" * 10**6,
]  # fmt: skip


def test_every_name_in_the_manifest_resolves_to_its_dtype_and_shape(page):
    kinds = set()
    for name, entry in page.manifest["files"].items():
        kinds.add(entry["dtype"])
        assert entry["stamp"]
        if entry["dtype"] == "q1":
            for unit in (0, entry["shape"][0] - 1):
                assert len(page.read(name, unit)) == entry["shape"][1] == page.run["n"]
        elif entry["dtype"] == "webp":
            assert list(page.read(name).shape[:2]) == entry["shape"]
        else:
            assert list(np.shape(page.read(name))) == entry["shape"]
    assert kinds == {"u1", "u2", "u4", "q1", "webp"}


def test_every_file_is_mentioned_and_every_mention_is_a_file(page):
    assert page.names() == set(page.manifest["files"])
    assert page.manifest["notes"] == []


def test_a_run_with_every_table_shows_all_of_it(page, studied):
    run = page.run
    assert (run["n"], run["of"], run["subset"], run["noun"]) == (120, 240, "test", "image")
    np.testing.assert_array_equal(page.read(run["rows"]), np.arange(120))
    assert [one["title"] for one in run["series"]] == [
        "PCA",
        "t-SNE through the layers (epoch-015), each map from the one before",
        "t-SNE through the layers (epoch-015), each map by itself, laid over the one before",
        "t-SNE through the layers (epoch-000), each map from the one before",
        "t-SNE through training (relu3), one map of all",
        "t-SNE through training (relu3), each map by itself, laid over the one before",
    ]
    assert run["series"][1]["how"] == (
        "early exaggeration iter 30, n iter 60, perplexity 10.0, seed 0"
    )
    assert [bool(one["trails"]) for one in run["series"]] == [False, True, False, True, True, False]
    assert [(one["layer"], one["checkpoint"]) for one in run["neurons"]] == [(3, 0), (3, 1)]
    assert {one["ranking"] for one in run["neurons"]} == {"forest"}
    accuracy = [one["value"] for one in run["scores"] if one["score"] == "accuracy"]
    table = studied.table("scores").query("score == 'accuracy' and subset == 'test'")
    np.testing.assert_allclose(accuracy, table["value"], rtol=1e-5)


def test_golden_manifest(tmp_path):
    run = small_run(tmp_path / "pets", title="Pets", network="net", label="animal", seed=3)
    after = "epoch-009"
    run.write_table("projections", map_rows(run), {"random_state": 1})
    run.write_table("evolution", evolution_rows(run, "layers", after, "sequential"), {})
    run.write_table("scores", score_rows({(after, "relu2"): 0.9, (after, ""): 0.5}), {})
    run.write_table("units", unit_rows("relu2", after, 2), {})
    run.write_table("discrimination", ranking_rows("relu2", after, np.eye(2)), {})
    found = Contents(run, live=True).manifest()
    for file in found["files"].values():
        file["stamp"] = "*"
    found["runs"][0]["methods"] = []  # depends on what is installed
    assert json.dumps(found, indent=1) + "\n" == GOLDEN.read_text()


@pytest.mark.parametrize("name", HOSTILE)
def test_other_names_are_refused(page, name):
    for ask in (page.contents.bytes, page.contents.media_type):
        with pytest.raises(NotFound) as caught:
            ask(name)
        assert len(str(caught.value)) < 5000


@given(st.text(alphabet="r0/act@123.-_ \\%"))
def test_no_text_becomes_a_path(page, name):
    known = page.manifest["files"]
    whole = name in known and known[name]["dtype"] != "q1"
    part = name.rpartition("/")[0] in known
    if not whole and not part:
        with pytest.raises(NotFound):
            page.contents.bytes(name)


def test_media_types(page):
    assert page.contents.media_type("r0/inputs/0") == "image/webp"
    assert page.contents.media_type("r0/act/1@0/3") == "application/octet-stream"


def test_activations_are_those_of_the_run_within_half_a_step(page, studied):
    for entry in page.run["activations"]:
        layer, checkpoint = entry["layer"], entry["checkpoint"]
        X = studied.activations(studied.layers[layer], studied.checkpoints[checkpoint])[:120]
        for unit in (0, X.shape[1] // 2):
            step = np.ptp(X[:, unit].astype(float)) / 254
            found = page.read(entry["file"], unit)
            np.testing.assert_allclose(found, X[:, unit], atol=step / 2 + 1e-6)
    places = {(one["layer"], one["checkpoint"]) for one in page.run["activations"]}
    assert places == {(layer, checkpoint) for layer in range(5) for checkpoint in range(2)}


@pytest.fixture
def growing(tmp_path):
    """A run of which half of the second checkpoint is recorded."""
    return odd_run(tmp_path / "run", n=40, n_checkpoints=1, n_recorded=20)


def test_of_an_incomplete_checkpoint_only_its_progress_is_shown(growing):
    page = Page(Contents(growing))
    first, second = page.run["checkpoints"]
    assert (first["recorded"], first["complete"]) == (40, True)
    assert (second["recorded"], second["complete"]) == (20, False)
    assert second["predicted"] is second["probable"] is None
    places = [*page.run["activations"], *page.run["series"][0]["stops"]]
    assert {one["checkpoint"] for one in places} == {0}


def test_what_a_run_gains_is_there_at_the_next_manifest_and_the_rest_keeps_its_stamp(growing):
    contents = Contents(growing)
    before = contents.manifest()
    with growing.lock(), growing.write("epoch-001", 20) as append:
        for layer in growing.layers_at("epoch-001"):
            append(layer.name, np.ones((20, *layer.shape), layer.dtype))
    growing.write_table("projections", map_rows(growing, ("layer1",)).assign(method="mds"), {})
    after = contents.manifest()
    assert after["runs"][0]["checkpoints"][1]["complete"]
    assert [one["id"] for one in after["runs"][0]["series"]] == ["pca", "mds"]
    for name, file in before["files"].items():
        assert after["files"][name] == file
    assert len(contents.bytes("r0/act/1@1/0")) == 48


def test_without_labels_and_tables_there_is_still_a_page(tmp_path):
    page = Page(Contents(odd_run(tmp_path / "run", names=None, maps=False, pictures=False)))
    run = page.run
    assert run["label"] is None
    assert run["labels"] == run["series"] == run["neurons"] == run["scores"] == run["images"] == []
    assert run["inputs"] is None
    assert run["noun"] == "observation"
    assert {one["predicted"] for one in run["checkpoints"]} == {None}
    assert page.manifest["notes"] == []
    assert page.names() == set(page.manifest["files"])


def test_a_run_without_a_checkpoint_is_announced(tmp_path):
    run = Page(Contents(small_run(tmp_path / "run", checkpoints=()))).run
    assert run["checkpoints"] == run["activations"] == []
    assert [one["name"] for one in run["layers"]] == ["input", "relu1", "relu2", "output"]


@pytest.mark.parametrize("n_layers", [1, 60])
def test_names_are_text_and_never_part_of_a_file_name(tmp_path, n_layers):
    names = (ATTACK, "</script>", "a/../b", "100 % \u2028")
    columns = {"</script>": np.arange(48) % 3, "note": np.array([ATTACK] * 48, object)}
    run = odd_run(tmp_path / "<b>run", n=48, names=names, n_layers=n_layers, n_units=4,
                  maps=False, columns=columns)  # fmt: skip
    run.write_table("projections", map_rows(run, ("layer1",)).assign(method=ATTACK), {})
    page = Page(Contents(run))
    assert page.run["labels"][0]["names"] == list(names)
    assert page.run["labels"][1]["name"] == "</script>"
    assert page.run["series"][0]["title"] == ATTACK
    assert len(page.run["layers"]) == n_layers + 1
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789/@-")
    assert set().union(*page.manifest["files"]) <= allowed


def test_what_cannot_be_read_is_left_out_with_a_sentence(tmp_path):
    run = small_run(tmp_path / "run")
    after = "epoch-009"
    place = {"layer": "relu2", "checkpoint": after, "subset": ""}
    run.write_table("projections", map_rows(run), {})
    run.write_table("projections", pd.DataFrame({"x": [1.0]}), {"bad": 1})
    run.write_table("evolution", pd.DataFrame({"x": [1.0]}), {"bad": 1})
    run.write_table("units", unit_rows("relu2", after, 7), place)
    run.write_table("images", pd.DataFrame({"pixels": [b""]}), {})
    run.write_table("sounds", pd.DataFrame({"rate": [8000], "samples": ["text"]}), {})
    run.write_table("scores", pd.DataFrame({"value": [np.nan, 0.5]}), {})
    damaged = next((run.path / "tables/projections").glob("*.parquet"))
    damaged.with_name("0" * 24 + ".parquet").write_bytes(b"PAR1")
    page = Page(Contents(run))
    assert [one["title"] for one in page.run["series"]] == ["t-SNE"]
    assert page.run["neurons"] == page.run["images"] == []
    assert page.run["sounds"] is None
    assert len(page.manifest["notes"]) == 6
    assert all(note.startswith("run/tables/") for note in page.manifest["notes"])
    assert not any(str(tmp_path) in note for note in page.manifest["notes"])


@pytest.mark.parametrize("x", [1e308, -np.inf, 1.7e308 * (-1.0) ** np.arange(8)])
def test_a_place_beyond_all_bounds_is_none(tmp_path, x):
    run = small_run(tmp_path / "run")
    frame = map_rows(run, ("relu2",))
    where = frame["checkpoint"] == "epoch-009"
    frame.loc[where, "x"] = x
    run.write_table("projections", frame, {})
    assert np.isnan(Page(Contents(run)).map("tsne", 2, 1)).all()


def test_two_places_for_one_observation_are_one_sentence(tmp_path):
    run = small_run(tmp_path / "run")
    run.write_table("projections", pd.concat([map_rows(run)] * 2), {})
    with pytest.raises(StoreError, match="two places for one point"):
        Page(Contents(run)).map("tsne", 2, 1)


def test_two_maps_of_one_place_are_no_evolution(tmp_path):
    run = small_run(tmp_path / "run")
    frame = evolution_rows(run, "layers", "epoch-009", "joint")
    head = {"over": "layers", "at": "epoch-009", "method": "joint", "subset": ""}
    run.write_table("evolution", frame, {**head, "times": [["relu1", "epoch-009"]] * 2})
    page = Page(Contents(run))
    assert page.run["series"] == []
    assert "two maps of one place" in page.manifest["notes"][0]


def test_series_that_are_called_alike_have_names_of_their_own(tmp_path):
    run = small_run(tmp_path / "run")
    for about in ({}, {"random_state": 0}, {"random_state": False, "n": None}):
        run.write_table("projections", map_rows(run), about)
    names = [one["id"] for one in Page(Contents(run)).run["series"]]
    assert len(set(names)) == len(names) >= 2


def test_importances_that_overflow_count_nothing(tmp_path):
    run = small_run(tmp_path / "run")
    place = {"layer": "relu2", "checkpoint": "epoch-009", "subset": ""}
    ranked = ranking_rows("relu2", "epoch-009", np.eye(2))
    ranked.loc[ranked["unit"] == 0, "importance"] = 1.7e308
    run.write_table("units", unit_rows("relu2", "epoch-009", 2), place)
    run.write_table("discrimination", ranked, {**place, "ranking": "forest"})
    np.testing.assert_allclose(Page(Contents(run)).read("r0/neurons/2@1/importance"),
                               [[0, 0], [0, 1]])  # fmt: skip


def test_of_a_run_that_is_replaced_nothing_old_is_shown(tmp_path):
    contents, stamps, values = None, set(), []
    for number in (1, 2):  # the same data and weights, other code
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        run = Run.create(
            tmp_path / "run", n_observations=4, rows_per_part=4, provenance={},
            fingerprint={"data": "d", "code": str(number)},
            layers=[Layer("relu", (3,), "float32", "ReLU")],
        )  # fmt: skip
        with run.lock():
            run.add_checkpoint("last", "w")
            with run.write("last", 0) as append:
                append("relu", np.full((4, 3), number, np.float32))
        contents = contents or Contents(run)
        stamps.add(contents.manifest()["files"]["r0/act/0@0"]["stamp"])
        values.append(np.frombuffer(contents.bytes("r0/act/0@0/0")[:4], "<f4")[0])
    assert len(stamps) == 2
    assert values == [1, 2]
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(StoreError, match="is not a run"):
        contents.manifest()


def test_threads_share_the_contents_while_the_run_grows(growing):
    contents, names, failures = Contents(growing), [], []

    def read():
        try:
            for _ in range(5):
                for name in contents.manifest()["runs"][0]["series"][0]["stops"]:
                    names.append(len(contents.bytes(name["file"])))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for method in ("mds", "tsne"):
        frame = map_rows(growing, ("layer1",)).assign(method=method)
        growing.write_table("projections", frame, {"method": method})
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(names) == {4 * 40}


STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
TELLING = (
    "layer", "checkpoint", "subset", "method", "over", "at", "times", "n", "random_state",
    "parameters", "evolution", "projection", "label", "ranking", "published",
)  # fmt: skip
KINDS = (
    "projections", "evolution", "trails", "motion", "units", "discrimination", "scores", "images"
)  # fmt: skip
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=60, **SLOW)
@given(st.dictionaries(st.sampled_from(TELLING), STRANGE), st.sampled_from(KINDS))
def test_whatever_a_table_says_of_itself_the_page_is_made(tmp_path, provenance, kind):
    path = tmp_path / "run"
    run = Run.open(path) if path.exists() else small_run(path)
    shutil.rmtree(path / "tables" / kind, ignore_errors=True)
    after = "epoch-009"
    tables = {
        "projections": map_rows(run), "evolution": evolution_rows(run, "layers", after, "joint"),
        "units": unit_rows("relu2", after, 2), "scores": score_rows({(after, "relu2"): 0.5}),
        "discrimination": ranking_rows("relu2", after, np.eye(2)),
    }  # fmt: skip
    run.write_table(kind, tables.get(kind, pd.DataFrame({"x": [0.0]})), provenance)
    page = Page(Contents(run))
    for name, entry in page.manifest["files"].items():
        if entry["dtype"] != "q1":
            with suppress(StoreError):
                page.read(name)


@settings(max_examples=40, **SLOW)
@given(names=STRANGE, values=st.lists(STRANGE, min_size=8, max_size=8))
def test_whatever_the_labels_are_the_page_is_made_or_one_sentence(tmp_path, names, values):
    path = tmp_path / "run"
    shutil.rmtree(path, ignore_errors=True)
    run = small_run(path, classes=())
    try:
        run.write_table("observations", pd.DataFrame({"a": values}), {"class_names": names})
    except Exception:  # no table can hold these
        return
    with suppress(StoreError):
        page = Page(Contents(Run.open(path)))
        for label in page.run["labels"]:
            assert len(page.read(label["file"])) == 8


def test_labels_of_other_observations_are_one_sentence(tmp_path):
    run, other = (small_run(tmp_path / str(n), n=n) for n in (8, 5))
    run.path.joinpath("tables/observations.parquet").write_bytes(
        other.path.joinpath("tables/observations.parquet").read_bytes()
    )
    for record in (other.path / "_done").glob("observations__*"):
        shutil.copy(record, run.path / "_done")
    with pytest.raises(StoreError, match="labels of more or fewer observations"):
        Contents(Run.open(run.path)).manifest()


def test_a_file_that_turns_out_bad_is_one_sentence(tmp_path):
    run = small_run(tmp_path / "run")
    place = {"layer": "relu2", "checkpoint": "epoch-009", "subset": ""}
    run.write_table("projections", map_rows(run, ("relu2",)).drop(columns="y"), {})
    run.write_table("units", unit_rows("relu2", "epoch-009", 2).assign(unit=[0, 9]), place)
    page = Page(Contents(run))
    for name in page.manifest["files"]:
        if "/map/" in name or name.endswith("/state"):
            with pytest.raises(StoreError, match=r"no column y|the layer has 2 units"):
                page.contents.bytes(name)
    part = next(run.path.rglob("activations/epoch-009*/relu1*/*.npy"))
    part.write_bytes(part.read_bytes()[:-1] + b"\1")
    with pytest.raises(StoreError, match="damaged"):
        page.contents.bytes("r0/act/1@1/0")


def test_a_run_larger_than_memory_is_refused(tmp_path):
    run = Run.create(
        tmp_path / "run", n_observations=10**14, rows_per_part=10**9,
        layers=[Layer("relu", (4,), "float32", "ReLU")], fingerprint={}, provenance={},
    )  # fmt: skip
    with pytest.raises(StoreError, match=r"100,000,000,000,000 observations"):
        Contents(run).manifest()


def test_runs_of_the_same_observations_say_so(tmp_path, studied):
    other = make_run(tmp_path / "seed-1", seed=1, tables=("predictions",))
    first, second = Contents([studied, other]).manifest()["runs"]
    assert first["data"] == second["data"]
    assert second["rows"] == "r1/rows"
    assert Contents(studied, subset="train").manifest()["runs"][0]["data"] != first["data"]
    assert Contents(studied, n=50).manifest()["runs"][0]["data"] != first["data"]
    first, second = Contents([studied, other], n=50).manifest()["runs"]
    assert first["data"] == second["data"]
    shutil.copytree(studied.path, tmp_path / "copy")
    assert (
        Contents(Run.open(tmp_path / "copy")).manifest()["files"]
        == (Contents(studied).manifest()["files"])
    )


def test_the_subset_is_chosen(studied):
    train = Page(Contents(studied, subset="train"))
    np.testing.assert_array_equal(train.read("r0/rows"), np.arange(120, 240))
    whole = Page(Contents(studied, subset=""))
    assert (whole.run["n"], whole.run["subset"]) == (240, "")
    assert [one["name"] for one in whole.run["labels"]] == ["digit", "subset"]
    assert whole.run["series"] == []
    with pytest.raises(NotFound, match=r"no subset 'dev' in .* Subsets: test, train"):
        Contents(studied, subset="dev").manifest()


def test_a_sample_takes_those_with_a_place_first(tmp_path):
    run = odd_run(tmp_path / "run", n=60, n_layers=1, maps=False)
    mapped = np.array([5, 17, 30, 44])
    frame = map_rows(run, ("layer1",)).query("observation in @mapped")
    run.write_table("projections", frame, {})
    few, more = (Page(Contents(run, n=n)) for n in (3, 10))
    assert set(few.read("r0/rows")) < set(mapped)
    assert set(mapped) < set(more.read("r0/rows"))
    assert len(more.read("r0/rows")) == more.run["n"] == 10
    again = Page(Contents(run, n=10))
    np.testing.assert_array_equal(again.read("r0/rows"), more.read("r0/rows"))
    seeded = Page(Contents(run, n=10, random_state=1)).read("r0/rows")
    assert seeded.tolist() != more.read("r0/rows").tolist()
    there = ~np.isnan(more.map("tsne", 0, 1)).any(axis=1)
    np.testing.assert_array_equal(more.read("r0/rows")[there], mapped)


@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 30), st.integers(0, 5))
def test_a_sample_is_ascending_without_repetition(n_rows, n_first, n, seed):
    rows, n = np.arange(n_rows) * 2, min(n, n_rows)
    found = sample(rows, rows[:n_first], n, seed)
    assert len(found) == n
    assert (np.diff(found) > 0).all()
    assert np.isin(rows[:n_first], found).sum() == min(n_first, n_rows, n)


def test_arguments_are_checked(studied):
    with pytest.raises(InvalidValue, match="runs must be at least one run"):
        Contents([])
    for n in (0, 1.5):
        with pytest.raises(UserError, match="n must be an integer >= 1"):
            Contents(studied, n=n)


def test_methods_are_offered_by_a_live_host_only(studied):
    from layerwise.projection import METHODS

    assert Contents(studied).manifest()["runs"][0]["methods"] == []
    live = Contents(studied, live=True).manifest()
    assert live["live"]
    assert set(live["runs"][0]["methods"]) | {"umap"} == set(METHODS)


def test_showing_a_run_writes_nothing_into_it(studied, tmp_path):
    shutil.copytree(studied.path, tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    page = Page(Contents(Run.open(tmp_path / "run")))
    for name, entry in page.manifest["files"].items():
        page.read(name, 0 if entry["dtype"] == "q1" else None)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before
