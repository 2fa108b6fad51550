"""Analysis: how good checks and their messages are, from many attempts."""
