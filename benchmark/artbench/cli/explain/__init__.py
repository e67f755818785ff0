"""The commands that make pictures of what networks see."""
