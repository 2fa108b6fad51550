"""The site as an author sees a quest while writing it: one quest, one person, reload on save."""
