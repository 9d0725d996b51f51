"""Decides how much each sense may take of the PC, so that an app misses no frame."""
