"""The parts of the sense `target`: an app's scene, rays, evidence and grips."""
