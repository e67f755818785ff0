"""What schedules the jobs of a matrix: processes of this machine, Slurm, or Ray."""
