"""Looking inside a memory: traces of models, with figures."""
