"""Which parcels will be late."""
