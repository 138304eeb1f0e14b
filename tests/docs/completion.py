# SPDX-License-Identifier: GPL-2.0-or-later
"""What the shells offer, asked of the shells, against what --help names."""
from common import TOP, ask, commands, options_of

HERE = TOP / "tests/docs"
FOLDER = TOP / "dist/completion"

# bash's programmable completion as Tab uses it: the function is called with the line in place.
IN_BASH = """
source /usr/share/bash-completion/bash_completion
source "$1/ofed-init"
shift
for line; do
	COMP_LINE=$line COMP_POINT=${#line} COMP_CWORD=0 COMP_WORDS=() COMPREPLY=()
	read -ra COMP_WORDS <<<"$line"
	[[ $line != *' ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_ofed_init
	printf '%s\\n' "${COMPREPLY[@]}" --
done
"""
LINES = ("ofed-init ", "ofed-init --", "ofed-init --format ", "ofed-init bake --", "ofed-init catalog --")


def offered(text):
    """A set of words for each line."""
    return [set(part.split()) for part in ("\n" + text).split("\n--\n")[:len(LINES)]]


def compare(text):
    listed, longs = commands()
    words, options, forms, *of_commands = offered(text)
    assert words == listed, sorted(words ^ listed)
    assert {word for word in options if word.startswith("--")} == longs, sorted(longs ^ options)
    assert forms == {"text", "json", "html", "svg"}, forms
    for command, words in zip(("bake", "catalog"), of_commands, strict=True):
        named = options_of(command)
        assert named < longs and {word for word in words if word.startswith("--")} == named, (command, words ^ named)


def test_bash_offers_every_command_and_option():
    compare(ask("bash", "--norc", "-c", IN_BASH, "bash", str(FOLDER), *LINES))


def test_zsh_offers_every_command_and_option():
    compare(ask(str(HERE / "zsh-words"), str(FOLDER), *LINES))
