"""Equality: do both endpoints serve the same model? Two-sample tests on several draws per probe; no cohort, no calibration.

draws → permuting → testing → formatting → deciding: answers side by side, labels dealt out inside each probe, p-values
and effects, what trivial formatting explains, and what may be said. `families` judges several endpoints beside one reference together. The measures themselves are files
in `statistics/`.
"""
