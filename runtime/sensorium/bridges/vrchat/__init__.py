"""VRChat: parameters of the avatar, and the chatbox."""
