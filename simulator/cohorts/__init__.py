"""What instructors see and decide."""
