"""Tables: closed form."""

from __future__ import annotations

from layerwise.report.blocks import Table


def test_a_column_is_numeric_if_every_cell_is_a_number_with_its_unit_or_missing():
    rows = (
        ("relu1", "98.4\xa0±\xa00.3\xa0%", "–", "1e-05", "8 × 8"),
        ("2", "–", "12", "1,000", "digit"),
    )
    assert Table(tuple("abcde"), rows).numeric == (False, True, True, True, False)


def test_a_long_table_shows_its_first_rows_and_an_empty_one_none():
    long = Table(("n",), tuple((str(n),) for n in range(500)))
    assert len(long.shown) == 200
    assert long.shown[-1] == ("199",)
    assert Table(("n", "m"), ()).numeric == (False, False)
