"""The styles, each a way to paint what stands on the easel."""
