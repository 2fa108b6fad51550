"""What runs inside a shell: the template, the rooms' walls, and the learner's processes in them.

Standard library only (a runtime's heavy imports are preloaded by name), so that it runs under any
interpreter that a runtime tree carries.
"""
