"""How far someone has come: reads attempts, changes nothing."""
