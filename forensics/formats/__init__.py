"""Report formats: one file per format, its name the format's name; templates stand beside them.

A format offers `SUMMARY` and `render(report) -> dict[str, bytes]`, which maps relative file names to bytes. It lays out
and decides nothing; every text of the report may be hostile and goes through `hostile`'s function for the target.
"""
