"""From a request (suite, task or stream; models, methods, seeds, options) to a plan of cells.

Never imports torch.
"""
