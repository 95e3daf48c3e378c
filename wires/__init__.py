"""What crosses a process boundary, each in one module, read by both of its ends.

Only the standard library is imported here: the same files run in the Lambda, in the
Glue job, at synth and on the laptop. AWS clients are passed in by the caller.
"""
