"""Work for a catalogue: labels and dates for pictures without any, and the neighbours of every picture."""
