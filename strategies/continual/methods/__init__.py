"""Continual-learning methods, a file each; the file name is the method's name."""
