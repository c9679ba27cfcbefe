"""For tests and for the examples in docstrings alike."""

import os

# The models that they fit are small: waiting for a second core takes longer than doing without it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Where tests ask for two threads all the same, tests beside them keep both cores busy.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
