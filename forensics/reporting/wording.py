"""How numbers and ratios are put into words. Formats values that the evidence holds; decides and computes nothing."""

from __future__ import annotations

from forensics.records.scores import Interval
from forensics.wording_rules import hits

Value = str | float | int | bool | None
"""What a cell of a table may hold."""
NONE = "–"
"""Printed where there is no value; the reason stands in the same row."""
EMPTY = "(empty)"
"""Printed for a text that holds nothing to see."""
MINUS = "\u2212"
SIGNIFICANT = 3
LR_SIGNIFICANT = 2


def number(value: Value, digits: int = SIGNIFICANT) -> str:
    """Return a value as printed: floats to significant digits, whole numbers in full, words as they are.

    >>> number(0.1771923), number(-7.70865), number(12345), number(123456.7), number(None), number(0.0)
    ('0.177', '−7.71', '12,345', '123,000', '–', '0')
    """
    if value is None:
        return NONE
    if isinstance(value, str):
        return value if value.strip() else EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS)
    return _measured(value, digits).replace("-", MINUS)


def _measured(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if exponent < -4:
        return f"{mantissa} × 10^{exponent}"
    rounded = float(f"{mantissa}e{exponent}")
    return f"{rounded:,.{max(digits - 1 - exponent, 0)}f}"


def fixed(value: float | None, decimals: int) -> str:
    """Return a value to so many decimals; what rounds to nothing has no sign.

    >>> fixed(-0.0004, 3), fixed(-0.0006, 3), fixed(0.25, 2), fixed(None, 2)
    ('0.000', '−0.001', '0.25', '–')
    """
    return NONE if value is None else f"{value:z.{decimals}f}".replace("-", MINUS)


def between(interval: Interval | None, digits: int = SIGNIFICANT) -> str:
    """Return an interval as printed, without its level.

    >>> between(Interval(low=-1.0, high=2.5, level=0.95, method="m"))
    '−1.00 to 2.50'
    """
    return NONE if interval is None else f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def percent(share: float) -> str:
    """Return a share as a whole percentage, or with a decimal where that would hide something.

    >>> percent(0.95), percent(0.999)
    ('95%', '99.9%')
    """
    return f"{share * 100:.4g}%"


def ordinal(place: int) -> str:
    """Return a place as an ordinal.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22, 101)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '101st']
    """
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place:,}{ending}"


def nearest(place: int) -> str:
    """Return a place in an order of closeness.

    >>> nearest(1), nearest(3)
    ('nearest', '3rd nearest')
    """
    return "nearest" if place == 1 else f"{ordinal(place)} nearest"


def log_ratio(log10_lr: float | None) -> str:
    """Return a log10 likelihood ratio to two significant figures."""
    return number(log10_lr, LR_SIGNIFICANT)


def ratio(log10_lr: float | None) -> str:
    """Return a likelihood ratio itself to two significant figures, 1 or above or as one over.

    >>> ratio(1.301), ratio(-2.0), ratio(0.0), ratio(7.25)
    ('20', '1/100', '1.0', '18 million')
    """
    if log10_lr is None:
        return NONE
    if log10_lr < 0:
        return f"1/{ratio(-log10_lr)}"
    if log10_lr >= 9:
        return f"10^{number(log10_lr, LR_SIGNIFICANT)}"
    if log10_lr >= 6:
        return f"{number(10 ** (log10_lr - 6), LR_SIGNIFICANT).removesuffix('.0')} million"
    return number(10.0**log10_lr, LR_SIGNIFICANT)


def findings_phrase(log10_lr: float, *, hd: str) -> str:
    """Return the one permitted phrase for a ratio; `hd` names the alternative.

    >>> findings_phrase(1.0, hd="Hd 1"), findings_phrase(-1.0, hd="Hd 1")
    ('the findings are 10 times more probable if Hp than if Hd 1', 'the findings are 10 times more probable if Hd 1 than if Hp')
    """
    if log10_lr == 0:
        return f"the findings are equally probable if Hp and if {hd}"
    first, second = ("Hp", hd) if log10_lr > 0 else (hd, "Hp")
    return f"the findings are {ratio(abs(log10_lr))} times more probable if {first} than if {second}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    >>> counted(1, "model"), counted(2, "model"), counted(0, "lineage")
    ('1 model', '2 models', '0 lineages')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def forbidden(text: str) -> list[str]:
    """Return the words of a text that say more than a comparison can.

    >>> forbidden("20 times more likely that it was copied from X"), forbidden("as close as any other")
    (['20 times more likely that', 'was copied'], [])
    """
    return [hit.text for hit in hits(text)]
