"""Tables of pictures: class numbers and names, splits, sizes, and tables that are none."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from layerwise.data import load, read_listed
from layerwise.foundation.checks import UserError


@pytest.fixture
def folder(tmp_path):
    """Four grey pictures of two sizes, 10, 20, 30 and 40 bright."""
    (tmp_path / "in").mkdir()
    for i in range(4):
        Image.new("L", (8 + i % 2, 6), 10 * (i + 1)).save(tmp_path / "in" / f"{i}.png")
    return tmp_path


def write(folder, text, name="mine.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_numbers_are_kept_and_named_by_their_column(folder):
    table = write(folder, "path\tlabel\twide\tclass_name\n"
                  "in/0.png\t7\tx\tcat, tabby\nin/3.png\t2\ty\tdog\n", "mine.tsv")  # fmt: skip
    loaded = load(table)
    assert loaded.labels["label"].tolist() == [7, 2]
    assert loaded.class_names["label"] == ("0", "1", "dog", "3", "4", "5", "6", "cat")
    assert loaded.observations.shape == (2, 6, 8, 1)
    assert loaded.observations.max(axis=(1, 2, 3)).tolist() == [10, 40]
    assert loaded.source == "mine: 2 pictures listed in mine.tsv"


def test_a_table_of_classes_names_those_without_a_picture(folder):
    table = write(folder, "file,number,class_name\nin/0.png,1,crane\n"
                  'in/1.png,0,"maillot, suit"\n')  # fmt: skip
    write(folder, "number,other\n0,x\n", "a_classes.csv")  # of these, none is a table of classes
    write(folder, "kind,class_name\n0,x\n", "b_classes.csv")
    write(folder, "number,class_name\none,x\n", "c_classes.csv")
    (folder / "d_classes.txt").write_text("number,class_name\n0,x\n")
    assert load(table).class_names["number"] == ("maillot", "crane")
    write(folder, "number\tclass_name\n0\tmaillot, suit\n1\tcrane\n3\tmaillot\n4\tcrane\n",
          "mine_classes.tsv")  # fmt: skip
    loaded = load(table)
    assert loaded.class_names["number"] == ("suit", "crane", "2", "maillot", "crane")
    assert loaded.labels["number"].tolist() == [1, 0]
    write(folder, "number,class_name\n1000000,x\n", "e_classes.csv")
    with pytest.raises(UserError, match=r"e_classes\.csv must be class numbers below 100,000"):
        load(table)


def test_names_are_numbered_in_order_and_quotes_are_understood(folder):
    table = write(folder, 'file,kind\nin/0.png,"b, big"\nin/1.png,a\nin/2.png,"b, big"\n')
    loaded = read_listed(table, split="all", size=(4, 2))
    assert loaded.class_names["kind"] == ("a", "b, big")
    np.testing.assert_array_equal(loaded.labels["kind"], [1, 0, 1])
    assert loaded.observations.shape == (3, 4, 2, 1)


def test_a_split_column_parts_them(folder):
    table = write(folder, "file,class,split\nin/0.png,0,test\nin/1.png,1,train\n"
                  "in/2.png,0,train\nin/3.png,0,\n")  # fmt: skip
    found = {split: len(load(table, split=split)) for split in ("train", "test", "all")}
    assert found == {"train": 2, "test": 1, "all": 3}
    assert load(table, split="train").class_names["class"] == ("0", "1")


def test_without_a_split_column_all_are_for_testing(folder):
    table = write(folder, "file,class\nin/0.png,0\nin/1.png,1\n")
    assert len(load(table)) == len(load(table, split="all")) == 2
    with pytest.raises(UserError, match="the train split must be of one picture or more; got none"):
        load(table, split="train")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a table .csv or .tsv; got EmptyDataError"),
        ("file,class\n", "a file and its class in each row; got 0 rows of the columns file, class"),
        ("file\nin/0.png\n", "got 1 rows of the columns file"),
        ("file,class\nin/9.png,0\n", "9.png must be a picture"),
        ("file,class\nmine.csv,0\n", "mine.csv must be a picture"),
        ("file,class\nin/0.png,100000\n", "class numbers below 100,000; got 100000"),
        ("file,class\nin/0.png," + "9" * 5000 + "\n", "class numbers below 100,000"),
        ('file,class\nin/0.png,"0\n', "must be a table .csv or .tsv; got ParserError"),
    ],
)
def test_refusals(folder, text, message):
    with pytest.raises(UserError, match=message):
        load(write(folder, text))


@pytest.mark.needs_data
def test_real_photographs_by_their_imagenet_class(shared_data):
    photos = load(shared_data / "photos" / "photos.tsv", size=32)
    assert photos.observations.shape == (92, 32, 32, 3)
    column = "class_index"
    assert photos.class_names[column][0] == "tench"
    assert len(np.unique(photos.labels[column])) == 91
