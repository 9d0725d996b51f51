"""What the OpenXR API layer (runtime/layer) writes from inside a game, read as hostile input."""
