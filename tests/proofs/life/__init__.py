"""The contract with whoever was told: told of the end exactly once, whatever happens in between."""
