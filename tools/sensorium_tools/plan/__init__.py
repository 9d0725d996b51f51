"""TensorRT plans: a graph built for a kind of GPU, and what the builder says it made of it."""
