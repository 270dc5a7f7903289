"""What stands inside the page: contract (no script closes early) and closed form (the hash)."""

from __future__ import annotations

import base64
import hashlib
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from layerwise.foundation.checks import InvalidValue
from layerwise.report import inline, script_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(JSON)
def test_json_comes_back_as_it_was_and_holds_nothing_a_browser_could_read_as_markup(value):
    text = str(script_json(value))
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_numbers_that_json_lacks_become_null_at_any_depth():
    value = {"a": [float("nan"), (np.inf, np.float32(0.5))], "b": np.array([[1, 2], [3, 4]])}
    assert json.loads(str(script_json(value))) == {"a": [None, [None, 0.5]], "b": [[1, 2], [3, 4]]}


def test_policy_holds_the_hash_of_the_text_as_the_browser_reads_it():
    source = "go();\r\nstop();"
    digest = base64.b64encode(hashlib.sha256(b"go();\nstop();").digest()).decode()
    assert str(inline.script(source)) == "go();\nstop();"
    assert f"script-src 'sha256-{digest}'" in inline.policy([source])


def test_style_that_would_end_its_element_is_refused():
    assert str(inline.style("a > b { c: d }")) == "a > b { c: d }"
    with pytest.raises(InvalidValue, match="style must be free of"):
        inline.style("</STYLE><script>")


@pytest.mark.parametrize("source", ["a = '</SCRIPT>'", "x <!-- y"])
def test_script_that_would_end_its_element_is_refused(source):
    with pytest.raises(InvalidValue, match="scripts must be free of"):
        inline.script(source)


def test_smaller_keeps_the_picture_and_turns_clear_into_white():
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste((204, 102, 119, 255), (0, 0, 100, 100))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=0)
    packed = inline.smaller(buffer.getvalue())
    assert len(packed) < len(buffer.getvalue()) / 4
    with Image.open(io.BytesIO(packed)) as image:
        colors = image.convert("RGB")
        assert colors.size == inline.pixels(packed) == (200, 100)
        assert colors.getpixel((50, 50)) == (204, 102, 119)
        assert colors.getpixel((150, 50)) == (255, 255, 255)


def test_paper_stays_white_beside_much_that_is_nearly_white():
    values = np.full((100, 200, 3), 255, np.uint8)
    values[:, 60:] = (247, 251, 254)
    values[:50, 60:, 0] = np.arange(60, 200)  # more colours than a palette holds
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", compress_level=0)
    with Image.open(io.BytesIO(inline.smaller(buffer.getvalue()))) as image:
        assert image.mode == "P"
        assert (np.asarray(image.convert("RGB"))[:, :60] == 255).all()
