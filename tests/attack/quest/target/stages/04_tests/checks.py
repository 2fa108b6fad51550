"""The learner's own tests, judged blind by the library that quests use."""

from graders import own_tests

SECONDS = 10.0

valid = own_tests.valid(points=40, seconds=SECONDS)
catches = own_tests.catches(points=60, seconds=SECONDS)
