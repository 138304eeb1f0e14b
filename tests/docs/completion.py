# SPDX-License-Identifier: GPL-2.0-or-later
"""What the shells offer, asked of the shells, against what --help names."""
from common import TOP, ask, commands

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
LINES = ("ofed-init ", "ofed-init --", "ofed-init --format ")


def offered(text):
    """A set of words for each line."""
    return [set(part.split()) for part in ("\n" + text).split("\n--\n")[:len(LINES)]]


def compare(text):
    listed, longs = commands()
    words, options, forms = offered(text)
    assert words == listed, sorted(words ^ listed)
    # Both know options of single commands, which --help names beside those.
    assert longs <= options, sorted(longs - options)
    text = (TOP / "src/app/options.c").read_text()
    unknown = [o for o in options if f'{{ "{o[2:]}",' not in text]
    assert not unknown, unknown
    assert forms == {"text", "json", "html", "svg"}, forms


def test_bash_offers_every_command_and_option():
    compare(ask("bash", "--norc", "-c", IN_BASH, "bash", str(FOLDER), *LINES))


def test_zsh_offers_every_command_and_option():
    compare(ask(str(HERE / "zsh-words"), str(FOLDER), *LINES))
