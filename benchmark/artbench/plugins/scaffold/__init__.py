"""New plugins: whole packages, written from templates that are part of artbench."""
