"""Wyoming, the protocol of Rhasspy and Home Assistant: voices of other devices are heard here."""
