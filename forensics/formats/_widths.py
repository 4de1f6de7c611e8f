"""How wide a table's columns are on paper: no column narrower than its longest word, the rest by what the texts need.

Worked out once from the lengths of the texts, so that no layout engine has to try every line break of every cell first.
"""

from __future__ import annotations

from forensics.reporting.parts import Table

WIDEST, LONGEST_WORD = 40, 18
"""Characters in a column that gets all the room it wants, and in a word that is never broken."""
DIGEST = 52
"""Characters of common size that a digest takes in the small type it is set in."""
_MARGIN = 2


def shares(table: Table, *, across: int) -> list[int]:
    """Return the columns' shares of the width, for a table that is about `across` characters wide."""
    texts = [
        [column.title, *(row.cells[place].text for row in table.rows)] for place, column in enumerate(table.columns)
    ]
    # Headings are bold, and so a fifth wider.
    least = [max(round(1.2 * _longest(title)), *map(_longest, rest), 0) + _MARGIN for title, *rest in texts]
    wanted = [max(min(max(map(len, column)), WIDEST) + _MARGIN, low) for column, low in zip(texts, least, strict=True)]
    over, room = sum(wanted) - sum(least), max(across - sum(least), 0)
    share = min(room / over, 1.0) if over else 0.0
    return [round(low + share * (want - low)) for low, want in zip(least, wanted, strict=True)]


def _longest(text: str) -> int:
    """Return the characters that a text needs without a break."""
    if text.startswith("sha256:"):
        return DIGEST
    return min(max(map(len, text.split()), default=0), LONGEST_WORD)
