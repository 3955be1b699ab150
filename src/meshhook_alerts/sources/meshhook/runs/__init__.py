"""What can go wrong with one run: rules M1 to M19 and the catch-all, and the sweep that asks them."""
