"""Hand in, grade, report."""
