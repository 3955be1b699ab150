"""How much of what is secret redaction removes, and how much of what is not it touches.

``python -m benchmarks.redaction`` measures on corpora that others wrote (``corpora.txt``): they are
fetched by name and hash, and nothing of them is kept in this repository.
"""
