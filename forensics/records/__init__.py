"""The records that pass between stages, one file for each stage's.

A record is data and nothing else: no behaviour beyond validation. Unknown fields are refused, NaN and infinities are
refused, and a released record never gains a field with a default: it gets a new `schema` version.
"""
