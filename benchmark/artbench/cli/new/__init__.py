"""`artbench new`."""
