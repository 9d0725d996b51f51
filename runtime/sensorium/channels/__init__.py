"""Channels: every result flows through one, in shared memory."""
