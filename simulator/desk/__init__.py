"""The desk: an instructor's pages over a cohort."""
