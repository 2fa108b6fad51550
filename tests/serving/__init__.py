"""What `make run` promises."""
