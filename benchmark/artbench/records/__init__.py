"""Records of results and the files beside them: their format, reading, writing and publishing."""
