"""Attacks on a whole site, as data: `make attack`. How a case is written: `case.py`."""
