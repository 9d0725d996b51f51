"""The governor at work: frames of all apps in, how much each sense may take out.

`governing` is what the daemon uses, `loop` its thread; `app_frames` and `game_frames` read frames
as hostile input, `watch` knows whose, and `pacing` when to look again; `costs` is what
`senses` take; `outlet` writes the channels, `history` keeps what was done and why,
`account` what holds.
What is decided is decided in `inference.governor`.
"""
