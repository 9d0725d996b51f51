"""Heads of the user's own on frozen engines."""
