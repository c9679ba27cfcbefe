"""Measurements beside peers, each one command: ``python -m benchmarks.<name>`` prints a table with ratios."""
