"""Regrade: plan, dry run, difference, policy, apply, roll back."""
