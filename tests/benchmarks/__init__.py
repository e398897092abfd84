"""What trayquota costs: run ``python -m tests.benchmarks`` from the checkout; README.md explains the figures."""
