"""Where the eyes look and what they do: the parts of the sense of gaze."""
