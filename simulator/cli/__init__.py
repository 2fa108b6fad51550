"""The `sim` command for authors and learners. Knows no Django: it works without the site."""
