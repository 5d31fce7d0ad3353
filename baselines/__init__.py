"""The interface that every model implements, the registry, and the models."""
