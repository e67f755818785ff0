"""`artbench plugins`: what is installed, what it registers, and whether it keeps the contract."""
