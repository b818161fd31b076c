"""File names that a shell would not leave alone."""

ODD_NAMES = [
    "a b",
    "it's",
    'say "x"',
    "a;rm -rf ~",
    "$(reboot)",
    "`reboot`",
    "new\nline",
    "-rf",
    "*?[a]",
    "größe-模型-🙂",
    "back\\slash",
    " leading and trailing ",
    "a&b|c>d<e",
]
