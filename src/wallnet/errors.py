"""The base of all errors that a user can fix."""


class UserError(Exception):
    """An error that a user can fix; the message states the problem and the fix in one sentence."""
