"""Contract: hostile files are refused in one sentence and never run; round trip; law of names."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import pickle
import resource
import tarfile
import time
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import layerwise
from layerwise.foundation.checks import UserError
from layerwise.network.weights import apply_weights, fingerprint, load_weights


class Evil:
    """Creates the canary when unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self.canary}'",)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 3)


def _torch(value: object, **settings: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **settings)
    return buffer.getvalue()


def _npz(save: Callable[..., None] = np.savez, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def _zip(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def _members(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _safetensors(header: str, data: bytes = b"") -> bytes:
    return len(header).to_bytes(8, "little") + header.encode() + data


def _entry(shape: list[int], first: int, last: int) -> str:
    return json.dumps({"dtype": "F32", "shape": shape, "data_offsets": [first, last]})


def _tar(canary: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            data = pickle.dumps(Evil(canary))
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _lying_npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(4, np.float32))
    return buffer.getvalue().replace(b"(4,), }" + b" " * 11, b"(999999999999,), }")


def _script() -> bytes:
    buffer = io.BytesIO()
    archive = _zip([("net/data.pkl", b"\x80\x02}."), ("net/constants.pkl", b"\x80\x02)."),
                    ("net/code/__torch__.py", b"import os")])  # fmt: skip
    buffer.write(archive)
    return buffer.getvalue()


GOOD = {"weight": torch.arange(6.0).reshape(3, 2), "bias": torch.ones(3)}
GOOD_FILE = safetensors.torch.save(GOOD)
STRIDE_0 = torch.zeros(1).expand(200_000, 200_000)
ZEROS = np.zeros(25_000_000, np.float32)
HUGE = b"\x80\x02c__builtin__\nbytearray\n\x8a\x05" + (10**10).to_bytes(5, "little") + b"\x85R."
GIANT = b"\x80\x02}U\x01actorch\nTensor\nJ" + (10**9).to_bytes(4, "little") + b"\x85Rs."
TWICE = f'{{"a": {_entry([1], 0, 4)}, "a": {_entry([1], 0, 4)}}}'

EVIL: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "os.system in a zip": (lambda c: _torch({"a": Evil(c)}), "would run 'posix.system'"),
    "os.system in a legacy file": (
        lambda c: _torch({"a": Evil(c)}, _use_new_zipfile_serialization=False),
        "would run 'posix.system'",
    ),
    "os.system in a bare pickle": (lambda c: pickle.dumps(Evil(c)), "weights and nothing else"),
    "protocol 0": (lambda c: pickle.dumps(Evil(c), 0), "an unknown or empty file"),
    "legacy tar": (_tar, "an unknown or empty file"),
    "evil beside good weights": (
        lambda c: _torch({"state_dict": GOOD, "hook": Evil(c)}), "would run",
    ),
    "evil in an OrderedDict subclass": (
        lambda c: _torch(OrderedDict(GOOD, x=Evil(c))), "would run",
    ),
    "evil in a compressed zip": (
        lambda c: _zip(_members(_torch({"a": Evil(c)})), zipfile.ZIP_DEFLATED),
        "weights and nothing else",
    ),
    "evil object array": (
        lambda c: _npz(a=np.array([Evil(c)], dtype=object)), "other things than numbers",
    ),
    "evil named safetensors": (lambda c: _torch(Evil(c)), "would run"),
    "whole module": (lambda c: _torch(Net()), "give the model's class"),
    "TorchScript": (lambda c: _script(), "a TorchScript program"),
    "stride 0": (lambda c: _torch({"a": STRIDE_0}), "160,000,000,000 bytes on a storage of 4"),
    "deflated torch": (
        lambda c: _zip(_members(_torch({"a": torch.zeros(2_500_000)})), zipfile.ZIP_DEFLATED),
        "that unpack to",
    ),
    "deflated npz": (lambda c: _npz(np.savez_compressed, a=ZEROS), "that unpack to"),
    "lying npy header": (lambda c: _zip([("a.npy", _lying_npy())]), "damaged npz"),
    "name twice in a zip": (lambda c: _twice(), "a name occurs twice"),
    "bytearray of 10 GB": (lambda c: _zip([("x/data.pkl", HUGE)]), "asks for a bytearray"),
    "bytearray of 10 GB, legacy": (lambda c: HUGE, "asks for a bytearray"),
    "tensor of 4 GB": (
        lambda c: _zip([(n, GIANT if "pkl" in n else d) for n, d in _members(_torch(GOOD))]),
        "4,000,000,000 bytes of tensors in",
    ),
    "sparse giant": (
        lambda c: _torch({"a": _sparse()}),
        "sparse",
    ),
    "meta tensor": (lambda c: _torch({"a": torch.empty(10**9, device="meta")}), "sparse or|meta"),
    "name twice": (lambda c: _safetensors(TWICE, b"\0" * 4), "'a' occurs twice"),
    "overlap": (
        lambda c: _safetensors(
            f'{{"a": {_entry([2], 0, 8)}, "b": {_entry([1], 4, 8)}}}', b"\0" * 8
        ),
        "damaged safetensors",
    ),
    "hole": (
        lambda c: _safetensors(
            f'{{"a": {_entry([1], 0, 4)}, "b": {_entry([1], 8, 12)}}}', b"\0" * 12
        ),
        "damaged safetensors",
    ),
    "shape larger than data": (
        lambda c: _safetensors(f'{{"a": {_entry([10**9], 0, 4)}}}', b"\0" * 4),
        "damaged safetensors",
    ),
    "header longer than the file": (
        lambda c: (10**12).to_bytes(8, "little") + b"{}", "header longer",
    ),
    "nested header": (lambda c: _safetensors('{"a":' * 100_000), "damaged safetensors"),
    "truncated torch": (lambda c: _torch(GOOD)[:-300], "damaged archive"),
    "truncated legacy": (
        lambda c: _torch(GOOD, _use_new_zipfile_serialization=False)[:-8], "damaged or foreign",
    ),
    "truncated safetensors": (lambda c: GOOD_FILE[:-4], "damaged safetensors"),
    "truncated npz": (lambda c: _npz(a=np.ones(100))[:-50], "damaged archive"),
    "empty": (lambda c: b"", "unknown or empty"),
    "hdf5": (lambda c: b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "unknown or empty"),
    "a zip of something else": (lambda c: _zip([("a.txt", b"x")]), "damaged or foreign"),
    "a bare tensor": (lambda c: _torch(torch.ones(3)), "a Tensor without tensors"),
    "two networks": (
        lambda c: _torch({"generator": GOOD, "critic": GOOD}),
        "a dict with generator, critic, where 'generator' is a dict",
    ),
    "strings": (lambda c: _npz(a=np.array(["x"])), "other things than numbers"),
    "contains itself": (lambda c: _torch(_endless()), "weights and nothing else"),
}  # fmt: skip


def _sparse() -> torch.Tensor:
    return torch.sparse_coo_tensor([[0]], [1.0], (10**12,), check_invariants=True)


def _twice() -> bytes:
    data = _npz(a=np.ones(2), b=np.ones(2))
    return data.replace(b"b.npy", b"a.npy")


def _endless() -> dict[str, object]:
    loop: dict[str, object] = {}
    loop["model"] = loop
    return loop


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize("name", EVIL)
def test_hostile_and_damaged_files(tmp_path: Path, name: str, suffix: str) -> None:
    make, message = EVIL[name]
    canary = tmp_path / "canary"
    file = tmp_path / f"weights.{suffix}"
    file.write_bytes(make(canary))
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(UserError, match=message) as caught:
        load_weights(file)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("load_weights: weights.")
    assert not canary.exists()
    assert time.process_time() - started < 1
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # kB
    assert grown < 50_000


def test_the_canary_sings(tmp_path: Path) -> None:
    """The fixtures are live: trusted, the code does run."""
    canary, file = tmp_path / "canary", tmp_path / "weights.pt"
    file.write_bytes(_torch({"a": Evil(canary)}))
    with pytest.raises(UserError, match="a dict with a, where 'a' is a int"):
        load_weights(file, trust_pickle=hashlib.sha256(file.read_bytes()).hexdigest())
    assert canary.exists()


@pytest.mark.parametrize("trust", ["", "yes", "0" * 64, "é"])
def test_another_hash_does_not_run(tmp_path: Path, trust: str) -> None:
    canary, file = tmp_path / "canary", tmp_path / "weights.pt"
    file.write_bytes(_torch({"a": Evil(canary)}))
    with pytest.raises(UserError, match="trust_pickle must be the sha256 of the file"):
        load_weights(file, trust_pickle=trust)
    assert not canary.exists()


@pytest.mark.parametrize("variable", ["0", "1"])
def test_no_environment_variable_opens_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", variable)
    canary, file = tmp_path / "canary", tmp_path / "weights.pt"
    file.write_bytes(_torch({"a": Evil(canary)}))
    with pytest.raises(UserError, match="would run"):
        load_weights(file)
    assert not canary.exists()


def test_trusted_whole_module(tmp_path: Path) -> None:
    model, file = nn.Linear(2, 3), tmp_path / "weights.pt"
    torch.save(model, file)
    state = load_weights(file, trust_pickle=hashlib.sha256(file.read_bytes()).hexdigest().upper())
    assert fingerprint(state) == fingerprint(model)


def test_unsafe_loading_stands_in_one_place() -> None:
    """Structure: one call with weights_only=False, under trust_pickle; none leaves it out."""
    unsafe: list[str] = []
    for path in Path(layerwise.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert words.get("allow_pickle") in (None, "False"), path
            assert name not in ("pickle.load", "pickle.loads"), path
            if name == "torch.load" and words.get("weights_only") != "True":
                unsafe.append(f"{path.name} {words['weights_only']}")
    assert unsafe == ["weight_files.py False"]


# Round trip


def _save(kind: str, path: Path, state: dict[str, torch.Tensor]) -> None:
    if kind == "safetensors":
        safetensors.torch.save_file(state, path)
    elif kind == "npz":
        np.savez(path.with_suffix(".npz"), **{k: v.numpy() for k, v in state.items()})
        path.with_suffix(".npz").rename(path)
    elif kind == "npz, deflated":
        np.savez_compressed(path.with_suffix(".npz"), **{k: v.numpy() for k, v in state.items()})
        path.with_suffix(".npz").rename(path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "torch")


@pytest.mark.parametrize("kind", ["safetensors", "torch", "legacy", "npz", "npz, deflated"])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ""])
def test_every_format_by_content(tmp_path: Path, kind: str, suffix: str) -> None:
    state = {**GOOD, "steps": torch.tensor(3), "none": torch.zeros(0, 2)}
    _save(kind, tmp_path / f"weights{suffix}", state)
    found = load_weights(tmp_path / f"weights{suffix}")
    assert fingerprint(found) == fingerprint(state)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: {"state_dict": s, "epoch": 3},
        lambda s: {"epoch": 3, "optimizer": {"state": {}}, "model": s},
        lambda s: {"model": {"state_dict": s}},
        lambda s: {f"module.{k}": v for k, v in s.items()},
        lambda s: {f"_orig_mod.module.{k}": v for k, v in s.items()},
        lambda s: {"net": {f"module._orig_mod.{k}": nn.Parameter(v) for k, v in s.items()}},
    ],
)
def test_wrappers_and_prefixes(tmp_path: Path, wrap: Callable[[object], object]) -> None:
    torch.save(wrap(GOOD), tmp_path / "weights.pt")
    found = load_weights(tmp_path / "weights.pt")
    assert fingerprint(found) == fingerprint(GOOD)
    assert not any(tensor.requires_grad for tensor in found.values())


def test_tied_weights_are_no_bomb(tmp_path: Path) -> None:
    shared = torch.ones(100, 100)
    torch.save({"a": shared, "b": shared, "c": shared[:50].T}, tmp_path / "weights.pt")
    assert load_weights(tmp_path / "weights.pt")["c"].shape == (100, 50)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"path must be a file; got '.*none.pt'"):
        load_weights(tmp_path / "none.pt")
    with pytest.raises(UserError, match="path must be a file"):
        load_weights(tmp_path)


@pytest.mark.needs_data
@pytest.mark.parametrize("name", ["resnet20-12fca82f.th", "svhn_cnn.pth"])
def test_real_checkpoints(shared_data: Path, name: str) -> None:
    found = load_weights(shared_data / "weights" / name)
    assert len(found) > 10
    assert not any(key.startswith("module.") for key in found)


# apply_weights


def _network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 4))


@pytest.mark.parametrize(
    "wrap", [lambda m: m, nn.DataParallel, lambda m: torch.compile(m, backend="eager")]
)
def test_applies_through_wrappers_both_ways(wrap: Callable[[nn.Module], nn.Module]) -> None:
    source, target = _network(), _network()
    assert fingerprint(source) != fingerprint(target)
    apply_weights(wrap(target), wrap(source).state_dict())
    assert fingerprint(source) == fingerprint(target)
    assert torch.equal(source[2].weight, target[2].weight)


def test_applies_half_precision_and_old_batch_norm() -> None:
    state = {k: v.half() for k, v in _network().state_dict().items() if "batches" not in k}
    model = _network()
    apply_weights(model, state)
    assert model[0].weight.dtype == torch.float32
    assert torch.equal(model[0].weight, state["0.weight"].float())


def test_applies_to_lazy_modules() -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.BatchNorm1d(3), nn.LazyLinear(4))
    source = _network()
    apply_weights(model, source.state_dict())
    assert fingerprint(model) == fingerprint(source)
    assert model(torch.zeros(2, 2)).shape == (2, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": None}, "got one without 0.weight. Build"),
        ({"0.weight": torch.zeros(3, 5)}, r"of another shape: 0.weight \(3, 5\), not \(3, 2\)"),
        ({"9.weight": torch.zeros(3)}, "with the unknown 9.weight"),
        ({f"x{i}": torch.zeros(1) for i in range(50)}, r"x0, x1, x2, x3, x4, ... \(50 in all\)"),
        ({"0.bias": torch.zeros(3, dtype=torch.uint8)}, r"0.bias \(3,\) of torch.uint8, not"),
        ({"0.bias": [0, 0, 0]}, "0.bias a list, not"),
        ({"_orig_mod.0.bias": torch.zeros(3)}, "a name twice"),
    ],
)
def test_what_does_not_fit(change: dict[str, torch.Tensor | None], message: str) -> None:
    model = _network()
    before = fingerprint(model)
    state = {**_network().state_dict(), **change}
    with pytest.raises(UserError, match=message) as caught:
        apply_weights(model, {k: v for k, v in state.items() if v is not None})
    assert "\n" not in str(caught.value)
    assert fingerprint(model) == before


# fingerprint


def test_memory_layout_and_order_do_not_count() -> None:
    state = {"a": torch.rand(2, 3, 4, 4), "b": torch.rand(5, 3), "c": torch.tensor(2)}
    other = {
        "c": torch.tensor(2),
        "b": state["b"].T.contiguous().T,
        "a": state["a"].to(memory_format=torch.channels_last),
    }
    assert fingerprint(other) == fingerprint(state)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: {"z" + k: v for k, v in s.items()},
        lambda s: {**s, "weight": s["weight"].reshape(2, 3)},
        lambda s: {**s, "weight": s["weight"].double()},
        lambda s: {**s, "weight": s["weight"].view(torch.int32)},
        lambda s: {**s, "weight": torch.nextafter(s["weight"], torch.tensor(9.0))},
        lambda s: {**s, "buffer": torch.zeros(0)},
        lambda s: {"bias": s["bias"]},
    ],
)
def test_everything_else_counts(change: Callable[[object], dict[str, torch.Tensor]]) -> None:
    assert fingerprint(change(GOOD)) != fingerprint(GOOD)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.bool, torch.complex64, torch.int8])
def test_every_type_has_a_fingerprint(dtype: torch.dtype) -> None:
    assert len(fingerprint({"a": torch.ones(3, 2, dtype=dtype)})) == 32


def test_lazy_modules_have_none_yet() -> None:
    with pytest.raises(UserError, match="Run a lazy module on one batch first"):
        fingerprint(nn.LazyLinear(3))
