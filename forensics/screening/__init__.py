"""Many models at once: every pair scored, normalised and ranked, on one machine or on a cluster."""
