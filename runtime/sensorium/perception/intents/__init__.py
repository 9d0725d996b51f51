"""The parts of the sense `intent`: words that refer, what was attended to, and which of it fits."""
