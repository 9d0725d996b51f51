"""Other people's protocols: OSC for VRChat's avatars, Wyoming for voice assistants."""
