"""How a model learns: sequence training here, task shifts under `continual`."""
