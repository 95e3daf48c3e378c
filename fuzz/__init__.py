"""Files made from programs, run through the engine as the job does, and compared with their source.

The code that compares shares nothing with the reader. See docs/fuzzing.md.
"""
