"""VRCFaceTracking's Unified Expressions: the names that avatars with a tracked face know."""
