"""Sensorium: one local daemon that gives every VR app on a PC the same AI senses."""

__version__ = "0.1.0"
