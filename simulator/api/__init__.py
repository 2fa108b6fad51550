"""The typed JSON API that the command line uses."""
