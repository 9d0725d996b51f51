"""CUDA, as little of it as running an engine takes, through either of two Python bindings."""
