"""The closed room: runs a stranger's code and knows nothing of quests."""
