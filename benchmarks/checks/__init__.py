"""The contract of each kind of entry as rules: ``memnet check`` and the contract tests run them."""
