"""The gallery's words for templates."""
