"""Engines that many callers share: who waits, who runs, what is loaded."""
