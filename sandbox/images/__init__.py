"""The runtimes as container images."""
