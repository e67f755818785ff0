"""All records of one task, one protocol and one state of the data, side by side."""
