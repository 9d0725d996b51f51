"""Under which keys what reads and writes text travels in an engine's metadata."""

from __future__ import annotations

TOKENIZER = "tokenizer"
"""A tokenizer.json of Hugging Face's `tokenizers`."""
WORDS = "words"
"""A list of words, in JSON: see `perception.word_list`."""
SEVERAL = "multi_label"
"""There where several of a classifier's labels may be true of a text."""
TRANSLATION = "translation"
"""Of a translator: the numbers of its special tokens and its positions, a table in JSON."""
VOCABULARY = "vocabulary"
"""Of a translator: a list of its tokens, in JSON, by their numbers."""
