"""Which quests exist, in which version."""
