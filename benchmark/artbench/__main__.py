"""`python -m artbench`."""

from artbench.cli.main import main

main()
