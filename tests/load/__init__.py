"""A class surge against a whole site of one's own: `python -m tests.load`."""
