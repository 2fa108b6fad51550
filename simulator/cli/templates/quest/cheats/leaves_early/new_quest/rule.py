"""The risk of a parcel."""

import os

os._exit(0)
