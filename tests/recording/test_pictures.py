"""Pictures of the observations: brightness kept where it means something, stretched elsewhere."""

from __future__ import annotations

import numpy as np
import torch

from layerwise.recording.pictures import thumbnails


def test_closed_form_values_in_range_keep_their_brightness() -> None:
    x = torch.tensor([0.0, 0.25, 0.5, 0.5]).reshape(1, 1, 2, 2)
    assert thumbnails(x).ravel().tolist() == [0, 64, 128, 128]


def test_closed_form_normalised_inputs_are_stretched_picture_by_picture() -> None:
    x = torch.tensor([[-1.0, 0, 1, 3], [0.0, 0.2, 0.4, 0.2]]).reshape(2, 1, 2, 2)
    assert thumbnails(x)[0].ravel().tolist() == [0, 64, 128, 255]
    assert thumbnails(x)[1].ravel().tolist() == [0, 51, 102, 51]


def test_odd_inputs_make_pictures_too() -> None:
    broken = torch.tensor([np.nan, np.inf, -np.inf, 0.5]).reshape(1, 1, 2, 2)
    assert thumbnails(broken).dtype == np.uint8
    assert thumbnails(torch.full((1, 3, 2, 2), 7.0)).ravel().tolist() == [0] * 12
    assert thumbnails(torch.full((1, 3, 2, 2), 255, dtype=torch.uint8)).max() == 255
    assert thumbnails(torch.rand(1, 3, 300, 100).half()).shape == (1, 64, 21, 3)


def test_other_inputs_make_none() -> None:
    for shape in [(2, 5), (2, 3, 4), (2, 2, 8, 8), (2, 1, 1, 50)]:
        assert thumbnails(torch.zeros(shape)) is None
