"""Pickles: a value comes back, and nothing a pickle names is ever run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from layerwise.data.pickles import Inert, byte_array, read_plain


class Evil:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(3))
@pytest.mark.parametrize("order", ["C", "F"])
def test_round_trip_of_an_array(protocol, order):
    array = np.arange(24, dtype=np.uint8).reshape((4, 6), order=order)
    value = read_plain(pickle.dumps({"data": array, "labels": [1, 2]}, protocol=protocol))
    np.testing.assert_array_equal(byte_array(value["data"]), array)
    assert value["labels"] == [1, 2]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", ["bare", "in a dict", "in an array"])
def test_no_pickle_runs_code(tmp_path, protocol, wrap):
    canary = tmp_path / "canary"
    for function, *arguments in [
        (os.system, f"touch {canary}"),
        (Path.touch, canary),
        (eval, f"open({str(canary)!r}, 'w')"),
        (exec, f"open({str(canary)!r}, 'w')"),
        (open, str(canary), "w"),
        (np.savetxt, str(canary), [1]),
    ]:
        evil = Evil(function, *arguments)
        value = {"bare": evil, "in a dict": {b"data": evil}}.get(wrap)
        if value is None:
            value = np.empty(1, object)
            value[0] = evil
        with pytest.raises(pickle.UnpicklingError, match="which data never need"):
            read_plain(pickle.dumps(value, protocol=protocol))
    assert not canary.exists()


def test_dotted_names_do_not_reach_around():
    # Protocol 4 looks dotted names up by attribute: numpy.ndarray.tofile and the like.
    attack = b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93."
    with pytest.raises(pickle.UnpicklingError, match=r"numpy\.ndarray\.tofile"):
        read_plain(attack)


def test_only_bytes_become_an_array():
    for wrong in (np.arange(3), np.array([None]), np.array(["a"])):
        value = read_plain(pickle.dumps(wrong, protocol=2))
        assert isinstance(value, Inert)
        with pytest.raises(ValueError):
            byte_array(value)
