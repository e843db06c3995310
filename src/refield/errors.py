"""What a user can put right."""


class UserError(ValueError):
    """Bad input; the message is one sentence that names the file or key, its value and what is allowed."""
