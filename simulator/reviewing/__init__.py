"""Review: comments on lines, rubrics, requests of learners, in a fair order."""
