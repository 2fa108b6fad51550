"""Fills a quest's tables and shows them."""
