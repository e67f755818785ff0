"""Looking over whole datasets: what can't be decoded, what is there twice, what leaks from training into the test."""
