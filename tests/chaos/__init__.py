"""Faults at random moments against a whole site of one's own: `python -m tests.chaos`."""
