"""Prices of Poyekhali: what a cell earns, what is asked, who accepts, which multiplier is set."""
