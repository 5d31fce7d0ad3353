"""Image sets and user data: their location and their loading."""
