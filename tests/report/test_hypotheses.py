"""Hypotheses: outcome (they say what the table says) and contract (no verdict by colour alone)."""

from __future__ import annotations

from layerwise import report
from layerwise.report.hypotheses import hypotheses


def test_without_a_study_there_is_no_section(small, tmp_path):
    assert hypotheses([small(tmp_path / "run")]) is None


def test_every_claim_is_a_sentence_with_its_verdict_numbers_and_control(small, rows, tmp_path):
    run = small(tmp_path / "run")
    run.write_table("hypotheses", rows.hypotheses(), {"function": "hypotheses"})
    note, verdicts = hypotheses([run, run]).blocks
    assert (
        "3 claims, tested on 2 seeds: 1 confirmed, 1 contradicted and 1 not decided." in note.text
    )
    assert [item.name for item in verdicts.items] == ["H1", "H2", "H3"]
    assert {item.claim for item in verdicts.items} == {"Deep layers separate better."}
    assert [item.mark for item in verdicts.items] == ["✓", "✗", "–"]
    assert verdicts.items[0].control == "untrained: 70 to 70\xa0%"
    html = report.render([run])
    for words in ("✓ confirmed", "✗ contradicted", "– not decided", "83.8 to 98.4\xa0%"):
        assert words in html
    assert html.index('id="findings"') < html.index('id="hypotheses"') < html.index('id="maps"')


def test_a_claim_tested_twice_stands_once(small, rows, tmp_path):
    run = small(tmp_path / "run")
    for again in (1, 2):
        run.write_table("hypotheses", rows.hypotheses(), {"again": again})
    assert len(hypotheses([run]).blocks[1].items) == 3
