"""Measurements as ratios and medians of one run; never part of the tests."""
