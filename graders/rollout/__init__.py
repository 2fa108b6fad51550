"""The rollout: what a company would see of a learner's policy, and what only the world knows."""
