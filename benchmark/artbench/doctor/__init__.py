"""`artbench doctor`: what of this machine and installation would get in the way, and how to mend it."""
