"""Measure the tool against recorded answers of real models: `make bench` writes RESULTS.md and results.json.

No part of the tool. Needs recorded answers that are not in this repository; without them it says so and stops.
"""
