"""Longer proofs, each run by `script/prove NAME`; the ordinary suite leaves them out."""
