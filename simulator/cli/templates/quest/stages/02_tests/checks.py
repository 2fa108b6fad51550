"""The learner's own tests, judged blind: the library does it, a line each."""

from graders import own_tests

written = own_tests.written(points=20, least=3)
green = own_tests.green(points=20, severity="blocker")
valid = own_tests.valid(points=30)
catches = own_tests.catches(points=30)
