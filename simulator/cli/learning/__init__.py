"""What the learner's commands share: the site, the folder, the room at home, the words."""
