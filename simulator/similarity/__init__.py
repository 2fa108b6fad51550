"""Similarity: which fragments two works share, and how common they are."""
