"""What happened in a world, as calls and pictures."""
