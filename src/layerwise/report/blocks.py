"""What a report is made of: sections that hold findings, notes, figures, tables and code.

Blocks carry plain text and PNG bytes, never markup: the template escapes every string, so no name
of a class, a layer or a run can become HTML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from layerwise.studio.bundle.embed import Embedded

NUMBER = re.compile(r"[-+−–±×0-9.,e%\s\u00a0\u202f]*")


@dataclass(frozen=True)
class Table:
    """Rows of formatted cells; a column whose cells are all numbers is set in figures, right.

    `folded` hides the rows behind the caption until it is clicked.
    """

    kind: ClassVar[str] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    folded: bool = False
    limit: ClassVar[int] = 200

    @property
    def shown(self) -> tuple[tuple[str, ...], ...]:
        """The first :attr:`limit` rows; the template says how many there are in all."""
        return self.rows[: self.limit]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column holds nothing but numbers.

        Examples
        --------
        >>> Table(("layer", "hit"), (("relu1", "91.0 %"), ("relu2", "–"))).numeric
        (False, True)
        """
        return tuple(
            all(NUMBER.fullmatch(cell) for cell in column)
            for column in zip(*self.rows, strict=True)
        ) or (False,) * len(self.columns)


@dataclass(frozen=True)
class Figure:
    """A still picture; `alt` says what it shows, `caption` what to see and how it was made.

    `png` comes at twice the size it is shown at, so it stays crisp on dense screens and in print.
    """

    kind: ClassVar[str] = "figure"
    id: str
    png: bytes
    alt: str
    caption: str
    numbers: Table | None = None
    numbers_title: str = "The numbers of this figure"


@dataclass(frozen=True)
class Frames:
    """One picture at successive times, to be slid through; stills beside it must say the same.

    Without a script, and on paper, it is away.

    Attributes
    ----------
    id : anchor
    pngs : the pictures, of one size
    names : what the slider says at each, such as "iteration 272"
    alts : what each shows
    label : what the slider moves through
    caption : what to see, and how to steer
    """

    kind: ClassVar[str] = "frames"
    id: str
    pngs: tuple[bytes, ...]
    names: tuple[str, ...]
    alts: tuple[str, ...]
    label: str
    caption: str


@dataclass(frozen=True)
class Finding:
    """One sentence with its numbers and their control; `figure` is the id of the evidence."""

    text: str
    figure: str = ""


@dataclass(frozen=True)
class Findings:
    """The findings of the report, in order of weight."""

    kind: ClassVar[str] = "findings"
    items: tuple[Finding, ...]


@dataclass(frozen=True)
class Note:
    """A paragraph; `warning` sets it apart."""

    kind: ClassVar[str] = "note"
    text: str
    warning: bool = False


@dataclass(frozen=True)
class Code:
    """Commands to copy."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True)
class Verdict:
    """A claim, how it fared, and the numbers that decide it; every field is a name or a sentence.

    The mark stands beside the word of the verdict, so that no reader depends on colour.
    """

    name: str
    claim: str
    verdict: str
    numbers: str = ""
    control: str = ""
    published: str = ""

    @property
    def mark(self) -> str:
        """A tick, a cross, or a dash for what is open.

        Examples
        --------
        >>> [Verdict("H", "claim", word).mark for word in ("confirmed", "not met", "not decided")]
        ['✓', '✗', '–']
        """
        return MARKS.get(self.verdict, "–")


MARKS = {"confirmed": "✓", "met": "✓", "contradicted": "✗", "not met": "✗"}


@dataclass(frozen=True)
class Verdicts:
    """Claims with their verdicts, in order."""

    kind: ClassVar[str] = "verdicts"
    items: tuple[Verdict, ...]


@dataclass(frozen=True)
class Studio:
    """The place of the studio, and the data that it shows there."""

    kind: ClassVar[str] = "studio"
    embedded: Embedded


Block = Table | Figure | Frames | Findings | Note | Code | Verdicts | Studio


@dataclass(frozen=True)
class Section:
    """A part of the page; `id` is its anchor."""

    id: str
    title: str
    blocks: tuple[Block, ...]
