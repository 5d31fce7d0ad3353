"""Training of models: on tasks (`sequence`) and on streams (`continual`)."""
