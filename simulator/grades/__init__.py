"""Grades: what people changed about a score, with reasons, and what a cohort counts."""
