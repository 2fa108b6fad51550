"""Every cap on what leaves a room, with its reason: the one place where they are written down.

Who reads a stranger's bytes looks here. A cap lies where honest work is far below it and where the
reader, at the cap, still has little memory and time to lose.
"""

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE

# Frames and messages.
MAX_FRAME = 64 * KILOBYTE  # fits a packet of a Unix socket
MAX_MESSAGE = 256 * MEGABYTE  # into a room: a project, its artefacts and a call's tables
MOST_HEAD = MEGABYTE  # of a message's JSON: the longest lists the names of a folder's files

# One answer of a call.
LARGEST_VALUE = 64 * MEGABYTE  # five million rows of a number and an id; held twice while read
LARGEST_ANSWER = 16 * MEGABYTE  # of a service over HTTP: a page, never a download

# JSON. Bytes alone do not bound memory: `{"a":1}` takes 8 bytes here and 230 in Python.
MOST_JSON = 16 * MEGABYTE
MOST_VALUES = 2_000_000  # commas: a list of them takes 16 MB, and at worst 120 MB with its numbers
MOST_HOLDERS = 500_000  # lists and dictionaries: at worst 120 MB. Whoever returns more has a table
DEEPEST_JSON = 50  # people's data is ten deep; recursion of the interpreter ends at 1,000
LARGEST_INTEGER = 2**64  # what a column of a database and a float's 53 bits can be compared with

# Tables.
MOST_ROWS = 5_000_000
MOST_COLUMNS = 1_000
LONGEST_NAME = 200  # of a column, a class, a function
LONGEST_TEXT = 64 * KILOBYTE  # of one cell, and of a path

# Exceptions, as they are shown.
LONGEST_MESSAGE = 4_000
MOST_FRAMES = 30

# Files.
LONGEST_PATH = 1_024
DEEPEST_FOLDER = 32
