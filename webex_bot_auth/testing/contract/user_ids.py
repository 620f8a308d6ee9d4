"""User ids that stores find difficult."""

#: ids that some format takes for something else
DIFFICULT = [
    "'", '"', "a: b", "- a", "# a", "a\nb", "\r", "\x00", "\x7f", "\x85\u2028\ufeff", "*", "user-*", "{a}",
    "[", "%", "&a", "!!python/object:os.system", "~", "null", "true", "1", "é🎉", "\\u0041", "x" * 3000,
]  # fmt: skip
#: ids that a file system or a database's collation takes for one
ALIKE = [
    "alice",
    "Alice",
    " alice",
    "alice ",
    "alice\n",
    "alice\x00",
    "alice.",
    "a/lice",
    "a\\lice",
    "alicé",
    "alice\u0301",
]
