"""Starts everything on one machine: what `make run` does."""
