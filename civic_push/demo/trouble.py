"""What ends `civic-push run` before it has begun, said in one sentence."""


class Trouble(Exception):
    """Something only the person at the keyboard can mend; the text says what and how."""
