"""From names and records to pictures of what networks see."""
