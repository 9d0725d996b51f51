"""Engines: cards, the store of built ones, and the backends that run them."""
