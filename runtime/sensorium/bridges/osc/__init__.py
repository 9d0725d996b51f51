"""OSC with OSCQuery, as VRChat speaks it: what the bridges to avatars share."""
