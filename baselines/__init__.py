"""The interface that every model meets, the registry, and the models."""
