"""Proof for anyone: the whole loop, headless, on a site of its own."""
