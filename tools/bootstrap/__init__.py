"""What `tools/run` and `tools/check` share: the way from a bare system to a working checkout.

Only the standard library is used: this runs before the project's environment exists.
"""
