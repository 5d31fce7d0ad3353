"""Image sets and a user's own data: where they are, how they are read."""
