"""Sensors: the world to channels. See `sensor.py` for what one is."""
