"""The index: passages, vectors, the lexical index, texts, and the generations that hold them."""
