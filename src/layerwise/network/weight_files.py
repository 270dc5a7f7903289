"""Files of weights that may be hostile: read them without running what is in them.

A checkpoint from the internet is a program until proved otherwise. Tensors are read by safetensors,
by torch's weights-only unpickler or by numpy without pickle, and there is no fallback to anything
else. An archive that promises more than it can hold is refused before memory is spent. What was
read is not judged here: see :mod:`layerwise.network.weights`.

Source: the PyTorch security policy ("models are programs"); CVE-2025-32434; the safetensors format.
"""

from __future__ import annotations

import hashlib
import io
import json
import mmap
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from layerwise.foundation.checks import InvalidValue, invalid

MAX_RATIO = 100
"""Unpacked over packed size: trained weights deflate by 1.1, pruned ones by 10, bombs by 1000."""

MAX_HEADER = 100_000_000
"""The safetensors format's own limit on its header, in bytes."""


def read(path: Path, trust_pickle: str | None = None) -> tuple[object, int]:
    """Return what the file holds and the bytes that it can hold when unpacked.

    The kind of file is told by its first bytes, not by its name.

    Raises
    ------
    InvalidValue
        If it is damaged, a bomb, or wants to run code (see `load_weights` for `trust_pickle`).
    """
    if not path.is_file():
        raise invalid("load_weights", "path", "a file", repr(str(path)), "Check the spelling.")
    with path.open("rb") as file:
        head = file.read(9)
    size = path.stat().st_size
    if head[8:9] == b"{":
        return _read_safetensors(path), size
    if head[:4] == b"PK\x03\x04":
        return _read_archive(path, trust_pickle)
    if head[:1] == b"\x80":  # every pickle since protocol 2, so also torch files before 1.6
        if trust_pickle is None:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m:
                _check_pickle(path, m)
        return _read_torch(path, trust_pickle), size
    raise refusal(
        path, "an unknown or empty file", "Save the state dict with safetensors or torch.save."
    )


def refusal(path: Path, got: str, hint: str) -> InvalidValue:
    """Return the one sentence for a file that is not weights, or not only weights."""
    return invalid("load_weights", path.name, "weights and nothing else", got, hint)


def reason(error: Exception) -> str:
    """Return the kind and the first line of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    """Read after a check of the header, where the library lets a name occur twice."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(MAX_HEADER, path.stat().st_size - 8):
            raise refusal(path, "a header longer than the file", "Fetch it again.")
        header = file.read(length)
    try:
        json.loads(header, object_pairs_hook=_without_duplicates)
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise refusal(
            path, f"a damaged safetensors file ({reason(error)})", "Fetch it again."
        ) from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"the name {twice[0]!r} occurs twice")
    return dict(pairs)


def _read_archive(path: Path, trust_pickle: str | None) -> tuple[object, int]:
    """Read a zip file, torch's or numpy's, after a look at its table of contents."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            promised = sum(member.file_size for member in members)
            _check_archive(path, [member.filename for member in members], promised)
            if members and all(member.filename.endswith(".npy") for member in members):
                return _read_npz(path), promised
            for member in members:
                if member.filename.endswith(".pkl") and trust_pickle is None:
                    _check_pickle(path, archive.read(member))
    except InvalidValue:
        raise
    except Exception as error:  # zipfile and zlib raise many kinds on hostile bytes
        raise refusal(path, f"a damaged archive ({reason(error)})", "Fetch it again.") from error
    return _read_torch(path, trust_pickle), promised


def _check_archive(path: Path, names: list[str], promised: int) -> None:
    if promised > MAX_RATIO * path.stat().st_size:
        raise refusal(
            path, f"{path.stat().st_size:,} bytes that unpack to {promised:,}",
            "This is a bomb, or weights that are nearly all zero: save them uncompressed.",
        )  # fmt: skip
    if len(set(names)) < len(names):
        raise refusal(path, "an archive in which a name occurs twice", "Fetch it again.")
    if any(name.endswith("/constants.pkl") for name in names):
        raise refusal(
            path, "a TorchScript program",
            "Load the state dict only: torch.save(model.state_dict(), ...) where it was made, "
            "and give the model's class.",
        )  # fmt: skip


def _check_pickle(path: Path, pickled: bytes | mmap.mmap) -> None:
    """Refuse the one harmless-looking name that lets 1 kB fill the memory: ``bytearray(10**10)``.

    torch's weights-only unpickler allows it; no state dict needs it.
    """
    if pickled.find(b"bytearray") >= 0:
        raise refusal(path, "a pickle that asks for a bytearray", "Save the state dict only.")


def _read_npz(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    except Exception as error:  # zipfile, zlib and numpy raise many kinds on hostile bytes
        raise refusal(
            path, f"a damaged npz, or one with other things than numbers ({reason(error)})",
            "Save plain arrays.",
        ) from error  # fmt: skip


def _read_torch(path: Path, trust_pickle: str | None) -> object:
    """Unpickle weights only; a file whose sha256 the caller vouches for may hold anything."""
    try:
        if trust_pickle is None:
            with path.open("rb") as file:  # given a name, torch would judge by the suffix
                return torch.load(file, map_location="cpu", weights_only=True)
        data = path.read_bytes()  # the bytes that are hashed are those that are loaded
        if hashlib.sha256(data).hexdigest() != trust_pickle.lower():
            raise invalid(
                "load_weights", "trust_pickle", "the sha256 of the file", repr(trust_pickle),
                f"{path.name} is not the file that you trust.",
            )  # fmt: skip
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=False)
    except InvalidValue:
        raise
    except Exception as error:  # a hostile file can make the unpickler raise anything
        wants = re.search(r"GLOBAL (\S+)", str(error))
        if wants is None:
            raise refusal(
                path, f"a damaged or foreign file ({reason(error)})", "Fetch it again."
            ) from error
        raise refusal(
            path, f"a pickle that would run {wants[1]!r}",
            "A pickled whole module is a program: give the model's class; layerwise loads the "
            "state dict only (torch.save(model.state_dict(), ...) where it was made). If you trust "
            "its author, pass trust_pickle='<sha256 of the file>'.",
        ) from error  # fmt: skip
