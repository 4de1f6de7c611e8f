"""Custody: what was fixed beforehand, sealed afterwards, and can be checked by anyone. Scores and weighs nothing itself."""
