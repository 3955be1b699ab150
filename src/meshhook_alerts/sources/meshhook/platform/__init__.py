"""What can go wrong with MeshHook as a whole, its queue and its workflows: the other rules."""
