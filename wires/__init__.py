"""Data that crosses process boundaries: one module each, used by both ends.

Only the standard library is imported here: the same files run in the Lambda, in the Glue job, at
synth and on the laptop. AWS clients are passed in by the caller.
"""
