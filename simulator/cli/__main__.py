"""``python -m simulator.cli``: the `sim` command where it is not installed."""

from simulator.cli.app import main

if __name__ == "__main__":
    main()
