"""The words of a command string as the exec agent splits them: the rules of github.com/google/shlex, no shell."""


class UnfinishedWord(Exception):
    """The text of the agent's complaint."""


def split(text):
    words, word, at = [], None, 0
    while at < len(text):
        char = text[at]
        at += 1
        if char in " \t\r\n":
            if word is not None:
                words.append(word)
            word = None
        elif char == "#" and word is None:
            while at < len(text) and text[at] != "\n":
                at += 1
        elif char == "\\":
            if at == len(text):
                raise UnfinishedWord("EOF found after escape character")
            word = (word or "") + text[at]
            at += 1
        elif char in "'\"":
            quoted, at = _quoted(text, at, char)
            word = (word or "") + quoted
        else:
            word = (word or "") + char
    return words if word is None else [*words, word]


def _quoted(text, at, quote):
    """What is between the quotes, and where the text goes on. Only double quotes know a backslash."""
    quoted = ""
    while at < len(text) and text[at] != quote:
        if text[at] == "\\" and quote == '"':
            at += 1
            if at == len(text):
                raise UnfinishedWord("EOF found after escape character")
        quoted += text[at]
        at += 1
    if at == len(text):
        raise UnfinishedWord("EOF found when expecting closing quote")
    return quoted, at + 1
