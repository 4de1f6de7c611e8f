"""What a reader is told: evidence laid out as sections, tables and figures. Prints what the evidence holds, computes nothing.

`layout` puts a report together; `tables`, `cohort` and `checks` hold its tables, the `plot` modules its figures, `texts`
and `wording` its words, `parts` what a report consists of. The formats in `formats/` turn it into bytes.
"""
