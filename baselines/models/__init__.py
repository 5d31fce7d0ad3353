"""Models, one per file; the file name is the model's name."""
