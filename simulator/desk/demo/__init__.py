"""A cohort of simulated learners, so that a fresh installation shows a desk that lives."""
