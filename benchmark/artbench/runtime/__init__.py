"""What everything stands on: files, progress, text, threads, the machine."""
