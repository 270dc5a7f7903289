"""Recording: what lies on disk is what a forward by hand computes, whatever happened on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests.awkward import Case, cases
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from layerwise import Run, record
from layerwise.data import DataSet
from layerwise.foundation.checks import UserError
from layerwise.foundation.version import VERSION
from layerwise.recording import plan, recompute
from layerwise.recording.pooling import POOLINGS, pool


def network(seed: int = 0) -> nn.Sequential:
    """Return a small seeded network."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 3))


def data(n: int = 40) -> np.ndarray:
    """Return seeded observations."""
    return np.random.default_rng(0).normal(size=(n, 6)).astype(np.float32)


def files(folder: Path) -> dict[str, bytes]:
    """Return every recorded array under a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.npy")}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_reference_every_awkward_model_is_recorded(case: Case, tmp_path: Path) -> None:
    if isinstance(case.batch, Tensor):
        run = record(case.model, case.batch, to=tmp_path, layers=[case.layer], batch_size=2)
    else:
        run = record(case.model, case.batch, to=tmp_path, layers=[case.layer])
    (layer,) = run.layers
    case.model.eval()
    with torch.no_grad():
        expected = case.expected(case.model, case.batch).numpy()
    stored = np.asarray(run.activations(layer))
    assert run.activations(layer).unit_shape == expected.shape[1:]
    np.testing.assert_allclose(stored, expected.reshape(5, -1), rtol=1e-5, atol=1e-6)


def test_round_trip_two_checkpoints_in_one_run(tmp_path: Path) -> None:
    nets, x = [network(0), network(1)], data()
    for net, name in zip(nets, ["before", "after"], strict=True):
        run = record(net, x, to=tmp_path, layers=["input", "1"], checkpoint=name)
    assert run.checkpoints == ("before", "after")
    for net, name in zip(nets, run.checkpoints, strict=True):
        with torch.no_grad():
            expected = net[:2](torch.from_numpy(x)).numpy()
        np.testing.assert_array_equal(run.activations("1", name), expected)
    np.testing.assert_array_equal(run.activations("input", "after"), x)
    assert sum("input" in name for name in files(tmp_path)) == 1, "the input is stored once"


def test_a_run_keeps_when_and_by_which_version_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    run = record(network(0), data(), to=tmp_path, checkpoint="before")
    made = datetime.fromisoformat(run.provenance["created"])
    assert start <= made <= datetime.now(UTC)
    assert run.provenance["layerwise"] == VERSION
    monkeypatch.setattr("layerwise.recording.recorder._birth", lambda: {"created": "later"})
    again = record(network(1), data(), to=tmp_path, checkpoint="after")
    assert again.provenance == run.provenance


@pytest.mark.parametrize("batch_size", [1, 7, 40, 1000])
@pytest.mark.parametrize("part_bytes", [1, 200, 10**9])
def test_law_parts_and_batches_do_not_change_rows(
    batch_size: int, part_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layerwise.recording.budget.PART_BYTES", part_bytes)
    run = record(network(), data(), to=tmp_path, batch_size=batch_size)
    with torch.no_grad():
        expected = network()[:2](torch.from_numpy(data())).numpy()
    np.testing.assert_allclose(run.activations("1"), expected, rtol=1e-5, atol=1e-6)
    assert run.verify() == []


_SCRIPT = """
    import sys, time
    import numpy as np, torch
    from torch import nn
    from layerwise import record
    import layerwise.recording.budget as plans
    plans.PART_BYTES = 4000
    torch.manual_seed(0)
    class Slow(nn.Module):
        def forward(self, x):
            time.sleep(float(sys.argv[2]))
            return x
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), Slow())
    x = np.random.default_rng(0).normal(size=(3000, 6)).astype(np.float32)
    print("ready", flush=True)
    run = record(net, x, to=sys.argv[1], layers=["input", "0", "1", "2"], batch_size=50,
                 labels={"half": np.arange(3000) // 1500})
    print("done", flush=True)
"""


def _recorder(folder: Path, pause: float = 0.0) -> subprocess.Popen[str]:
    script = folder.parent / "recorder.py"
    script.write_text(textwrap.dedent(_SCRIPT))
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), str(pause)], stdout=subprocess.PIPE, text=True
    )


def test_round_trip_killed_recordings_end_byte_equal(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    with _recorder(whole) as process:
        assert process.wait() == 0
    rng = np.random.default_rng(0)
    for _ in range(3):
        with _recorder(killed, pause=0.01) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0.02, 0.5))
            process.send_signal(signal.SIGKILL)
    with _recorder(killed) as process:
        assert process.wait() == 0
    assert files(killed) == files(whole)
    assert Run.open(killed).verify() == []


def test_sigterm_finishes_the_part_in_hand(tmp_path: Path) -> None:
    with _recorder(tmp_path / "run", pause=0.01) as process:
        while not list(tmp_path.glob("run/_done/final*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 75
    run = Run.open(tmp_path / "run")
    assert 0 < len(run.missing("final")) < len(list(run.commits("final")))
    with _recorder(tmp_path / "run") as process:
        assert process.wait() == 0
    assert Run.open(tmp_path / "run").verify() == []


class Pictures(Dataset[tuple[Tensor, int]]):
    """A map-style Dataset that yields a picture and a label."""

    def __len__(self) -> int:
        return 12

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return torch.full((1, 8, 8), i / 12), i % 3


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: DataLoader(d, shuffle=True)])
def test_a_torch_dataset_brings_labels_and_pictures(wrap: Any, tmp_path: Path) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    run = record(net, wrap(Pictures()), to=tmp_path, batch_size=5)
    assert run.layers == ("1",)
    np.testing.assert_array_equal(run.labels["label"], np.arange(12) % 3)
    thumbnails = run.thumbnails()
    assert thumbnails is not None
    np.testing.assert_array_equal(thumbnails[:, 0], np.floor(np.arange(12) / 12 * 255 + 0.5))


def test_a_data_set_brings_labels_and_names(tmp_path: Path) -> None:
    pictures = np.zeros((4, 8, 8, 1), np.uint8)
    named = DataSet(
        "cats", pictures, {"kind": np.array([0, 1, 0, 1])}, {"kind": ("cat", "dog")}, source="here"
    )
    run = record(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), named, to=tmp_path)
    assert run.class_names("kind") == ("cat", "dog")
    assert run.labels["kind"].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_reference_dtypes_round_as_torch_does(dtype: str, tmp_path: Path) -> None:
    run = record(network(), data(), to=tmp_path, layers=["0"], dtype=dtype)
    with torch.no_grad():
        expected = network()[0](torch.from_numpy(data())).to(getattr(torch, dtype)).float()
    np.testing.assert_array_equal(np.asarray(run.activations("0")).astype(np.float32), expected)


def test_overflow_is_an_error_and_clip_counts_it(tmp_path: Path) -> None:
    x = np.array([[1.0], [70_000.0], [-80_000.0], [np.inf]], np.float32)
    identity = nn.Sequential(nn.Softplus(beta=1e6))
    with pytest.raises(ValueError, match=r"1 values of layer '0' are beyond torch\.float16"):
        record(identity, x, to=tmp_path / "a", dtype="float16")
    assert Run.open(tmp_path / "a").missing("final") == [0], "nothing was committed"
    run = record(identity, x, to=tmp_path / "b", dtype="float16", clip=True)
    assert np.asarray(run.activations("0"))[1, 0] == 65504
    assert run.counts("final").set_index("layer").loc["0", "overflow"] == 2


def test_nan_inf_and_zero_are_counted(tmp_path: Path) -> None:
    x = np.array([[np.nan, 0.0], [np.inf, -np.inf], [0.0, 1.0]], np.float32)
    run = record(nn.Sequential(nn.Hardtanh(-9e9, 9e9)), x, to=tmp_path, layers=["input"])
    row = run.counts("final").iloc[0]
    assert (row["nan"], row["inf"], row["zero"]) == (1, 2, 2)


def test_masked_pooling_ignores_padding(tmp_path: Path) -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(10, 4)

        def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
            return self.embed(input_ids)

    net, ids = Tokens(), torch.randint(0, 10, (6, 5))
    mask = (torch.arange(5) < torch.tensor([1, 2, 3, 4, 5, 3])[:, None]).long()
    batch = {"input_ids": ids, "attention_mask": mask}
    for how in ("masked_mean", "last", "cls"):
        run = record(net, batch, to=tmp_path / how, pooling=how)
        embedded = net.embed(ids).detach().numpy()
        for i, length in enumerate(mask.sum(1).tolist()):
            real = embedded[i, :length]
            expected = {"masked_mean": real.mean(0), "last": real[-1], "cls": real[0]}[how]
            np.testing.assert_allclose(run.activations("embed")[i], expected, rtol=1e-6)


def test_reference_pooling_by_hand() -> None:
    x = torch.randn(2, 3, 4, 5)
    for how in POOLINGS:
        got = pool(x, how).numpy()
        expected = {
            "flatten": x.numpy(),
            "mean": x.numpy().mean((2, 3)),
            "max": x.numpy().max((2, 3)),
            "cls": x.numpy()[:, 0, 0],
            "last": x.numpy()[:, -1, -1],
            "masked_mean": x.numpy().mean((1, 2)),
        }[how]
        np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_plan_tells_the_bytes_that_are_written(tmp_path: Path) -> None:
    planned = plan(network(), data(), dtype="float16")
    run = record(network(), data(), to=tmp_path, dtype="float16")
    written = sum(np.load(path).nbytes for path in tmp_path.rglob("*.npy"))
    assert written == planned.n_bytes == 40 * (5 + 5 + 3) * 2
    assert run.layers == tuple(layer.name for layer in planned.layers)


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    script = tmp_path / "big.py"
    script.write_text(
        textwrap.dedent("""
        import resource, sys, torch, numpy as np
        from torch import nn
        from torch.utils.data import Dataset
        from layerwise import record
        class Many(Dataset):
            def __len__(self): return 100_000
            def __getitem__(self, i): return torch.full((64,), float(i))
        record(nn.Linear(64, 64), torch.zeros(300, 64), to=sys.argv[1] + "/warm", layers=["output"])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        net = nn.Sequential(nn.Linear(64, 512), nn.ReLU())
        record(net, Many(), to=sys.argv[1] + "/run", layers=["1"], batch_size=1000)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 100, "205 MB were recorded"


def test_recompute_agrees_and_finds_a_forgery(tmp_path: Path) -> None:
    x = data()
    run = record(network(), x, to=tmp_path)
    assert recompute(run, network(), x, n_parts=3, random_state=0) == []
    with pytest.raises(UserError, match="from other weights"):
        recompute(run, network(1), x)
    with pytest.raises(UserError, match="from other data"):
        recompute(run, network(), x + 1)

    class Forged(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + 1e-6

    net = network()
    net[0].__class__ = Forged
    forged = Run.open(tmp_path)
    forged._manifest.fingerprint["model"] = plan_fingerprint(net, x)  # type: ignore[index]
    assert "layer '0'" in recompute(forged, net, x, random_state=0)[0]


def plan_fingerprint(net: nn.Module, x: np.ndarray) -> str:
    """Return the architecture hash of a network."""
    from layerwise.recording.forward_pass import Pass

    settings: dict[str, Any] = {"layers": None, "pooling": "flatten", "dtype": "float32"}
    return Pass(net, x, clip=False, batch_size=256, **settings).fingerprint["model"]


class Ragged(Dataset[Tensor]):
    """Sequences that grow with the row."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> Tensor:
        return torch.zeros(3 + i // 2, 4)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"layers": ["relu9"]}, "no layer 'relu9' in Sequential"),
        ({"labels": {"digit": [1, 2]}}, r"labels\['digit'\] must be 1-D with one entry per obs"),
        ({"dtype": "int8"}, "dtype must be one of float32, float16, bfloat16; got 'int8'"),
        ({"pooling": "avg"}, "pooling must be one of flatten"),
        ({"pooling": {"conv*": "mean"}}, r"no layer 'conv\*' in pooling"),
        ({"batch_size": 0}, "batch_size must be an integer >= 1; got 0"),
        ({"max_bytes": 100}, r"would take 2\.08 kB, and the limit is 100 B.*'0' \(5,\)"),
        ({"data": np.zeros((0, 6))}, "data must be one or more arrays of one length"),
        ({"data": (np.zeros((3, 6)), np.zeros((4, 6)))}, "one or more arrays of one length"),
        ({"data": np.array(["a"])}, "data must be numeric"),
        ({"data": np.zeros((4, 7), np.float32)}, r"Sequential failed on a batch of shape \(2, 7\)"),
        ({"data": iter([1])}, "data must be"),
        ({"model": "resnet"}, r"model must be a torch\.nn\.Module; got str"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    call: dict[str, Any] = {"model": network(), "data": data(), **arguments}
    with pytest.raises(UserError, match=sentence) as error:
        record(call.pop("model"), call.pop("data"), to=tmp_path / "run", **call)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run" / "activations").exists()


def test_too_little_disk_names_what_to_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10_000))
    net = nn.Sequential(nn.Conv2d(1, 8, 3))
    with pytest.raises(UserError, match=r"80 % of the free disk.*pooling=\{'0': 'mean'\} stores"):
        record(net, np.zeros((20, 1, 8, 8), np.float32), to=tmp_path)


def test_shapes_that_change_are_refused(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(4, 2))
    with pytest.raises(UserError, match=r"has shape \(4, 2\).*and \(3, 2\) for the first. Pool it"):
        record(net, Ragged(), to=tmp_path / "a", batch_size=2)
    run = record(net, Ragged(), to=tmp_path / "b", batch_size=2, pooling="masked_mean")
    assert run.activations("0").shape == (6, 2)


@pytest.mark.parametrize(
    ("net", "x", "what"),
    [
        (nn.Sequential(nn.Linear(6, 4)), data(), "model"),
        (network(), data() + 1, "data"),
        (network(), data(41), "n_observations"),
    ],
)
def test_a_run_of_something_else_is_left_alone(
    net: nn.Module, x: np.ndarray, what: str, tmp_path: Path
) -> None:
    record(network(), data(), to=tmp_path)
    before = files(tmp_path)
    with pytest.raises(UserError, match=f"holds a recording that differs in.*{what}"):
        record(net, x, to=tmp_path, checkpoint="other")
    assert files(tmp_path) == before


def test_other_weights_need_another_name(tmp_path: Path) -> None:
    record(network(0), data(), to=tmp_path)
    with pytest.raises(UserError, match="holds checkpoint 'final' of other weights"):
        record(network(1), data(), to=tmp_path)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_records_what_a_cpu_records(tmp_path: Path) -> None:
    on_cpu = record(network(), data(), to=tmp_path / "cpu", layers=["*"], batch_size=7)
    on_gpu = record(network().cuda(), data(), to=tmp_path / "gpu", layers=["*"], batch_size=7)
    for layer in on_cpu.layers:
        np.testing.assert_allclose(
            on_gpu.activations(layer), on_cpu.activations(layer), rtol=1e-4, atol=1e-5
        )
