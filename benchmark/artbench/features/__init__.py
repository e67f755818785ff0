"""Features: extracted once for each encoder and dataset, kept, and read through a memory map."""
