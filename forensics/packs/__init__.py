"""Cohort packs: what comparing with a cohort needs, without its texts. docs/packs.md says what a reader can learn."""
