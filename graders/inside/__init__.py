"""What the judge carries into a room: standard library only, and no verdict."""
