"""Measure the tool against recorded answers of real models: `make bench` writes RESULTS.md and results/PART.json.

No part of the tool. Needs recorded answers that are not in this repository; without them it says so and stops.
"""
