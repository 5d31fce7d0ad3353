"""Models, a file each; the file name is the model's name."""
