"""Which card of the catalogue an offer belongs to."""
