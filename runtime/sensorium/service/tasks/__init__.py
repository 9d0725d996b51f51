"""Tasks by name on top of the engines: texts, pictures and sounds in, answers out."""
