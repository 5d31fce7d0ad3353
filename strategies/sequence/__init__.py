"""Training and evaluation on long-dependency tasks."""
