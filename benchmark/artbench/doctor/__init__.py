"""`artbench doctor`: problems of the machine and the installation, and how to solve them."""
