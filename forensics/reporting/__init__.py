"""What a reader is told: evidence laid out as sections, tables and figures. Prints what the evidence holds, computes nothing.

`layout` puts a report together; `tables`, `cohort`, `answers` and `checks` hold its tables, the `plot` modules and
`style_profile` its figures, `legends` and `drawing` what figures are drawn with, `texts` and `wording` its words, `parts`
what a report consists of. The formats in `formats/` turn it into bytes.

To add to a report, put the numbers into the evidence first. Then:

* a table is a function from evidence to a `Table`, filled row by row with `Sheet`, which makes the ids of its cells: give
  every column a unit, every row an n and the table its source. Every format, `cells.csv` and a CSV of its own follow from that;
* a figure is a `Figure`: two drawings (`WIDE` and `NARROW`) made with `Drawing`, in the styles of `drawing.STYLES` and with a
  legend, and the table behind it. A figure of one statistic only is registered in `findings.MORE`;
* a chapter is a function from `Material` to a `Section` of these, named in `chapters.ANALYST` and, to be in a court's annex
  as well, in `court.COURT`, where `court_texts.INTRODUCTIONS` may give it an opening paragraph. Numbers are given
  afterwards, so that a chapter may stand anywhere. One that says nothing about most cases is given with a condition in
  `chapters.WHERE`.

No format has to know about any of it.
"""
