"""A bench that looks for faults: kills, damaged files, strange tables, forged artefacts, concurrent runs, full disks.

``make faults`` (or ``python -m tests.faults``) runs it in full and prints the counts; `test_faults` runs a small share.
"""
