"""The sim command; imports no Django."""
