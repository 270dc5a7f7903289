"""Progress: told to whoever listens, drawn on a terminal, silent elsewhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from layerwise.foundation.progress import bar, reporting


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans())
def test_law_bars_within_bars_only_grow_and_end_at_the_whole(
    inner: list[int], finishes: bool
) -> None:
    told: list[tuple[str, float, float]] = []
    with reporting(lambda *news: told.append(news)), bar("outer", len(inner)) as advance:
        for total in inner:
            with bar("inner", total) as step:
                for _ in range(total if finishes else total - 1):
                    step(1)
            advance(1)
    done = [news[1] for news in told]
    assert done == sorted(done)
    assert told[0] == ("outer", 0, len(inner))
    assert told[-1] == ("outer", len(inner), len(inner))
    assert {news[2] for news in told} == {len(inner)}
    assert sum(news[0] == "inner" for news in told) == sum(inner) + (len(inner) if finishes else 0)


def test_a_listener_hears_only_what_happens_inside() -> None:
    told: list[str] = []
    with reporting(lambda label, done, total: told.append(label)), bar("heard", 1):
        pass
    with bar("not heard", 1) as advance:
        advance(1)
    assert told == ["heard"]


def test_an_empty_bar_within_another_reports_no_part() -> None:
    told: list[float] = []
    with reporting(lambda label, done, total: told.append(done)), bar("outer", 2) as advance:
        with bar("empty", 0) as step:
            step(1)
        advance(1)
    assert told == [0, 0, 0, 1]


def test_without_a_terminal_and_a_listener_nothing_is_written(capfd) -> None:  # type: ignore[no-untyped-def]
    with bar("work", 2) as advance:
        advance(2)
    assert capfd.readouterr() == ("", "")
