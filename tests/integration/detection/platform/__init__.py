"""Rules about MeshHook itself, on one that is doing well until a test spoils it."""
