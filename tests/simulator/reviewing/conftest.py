"""Graded attempts for the tests of the desk."""

from tests.simulator.pages.conftest import browser, graded

__all__ = ["browser", "graded"]
