"""What leaves is clean: 2,000 failing steps with planted secrets, searched for wherever we write or send."""
