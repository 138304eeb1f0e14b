# SPDX-License-Identifier: GPL-2.0-or-later
# awk -f reasons.awk src/model/codes.def: the rows
#   OI_REASON(ENUM_NAME, "kebab-id", exit_code, "Sentence.", "Remedy." or NULL)
# as a table for people. A row may run over lines, and a string may stand in pieces.

function fail(msg) {
	printf "reasons.awk: %s:%d: %s\n", FILENAME, FNR, msg >"/dev/stderr"
	failed = 1
	exit 1
}

# The next argument of the row, taken off the front of `rest`.
function take(	value, seen) {
	value = ""
	seen = 0
	for (;;) {
		sub(/^[ \t]+/, "", rest)
		if (match(rest, /^"([^"\\]|\\.)*"/)) {
			value = value substr(rest, 2, RLENGTH - 2)
			rest = substr(rest, RLENGTH + 1)
			seen = 1
		} else if (!seen && match(rest, /^[A-Za-z0-9_]+/)) {
			value = substr(rest, 1, RLENGTH)
			rest = substr(rest, RLENGTH + 1)
			if (value == "NULL")
				value = ""
			seen = 1
		} else
			break
	}
	if (!seen || !match(rest, /^[,)]/))
		fail("cannot read this row: " rest)
	rest = substr(rest, 2)
	gsub(/\\"/, "\"", value)
	gsub(/\|/, "\\|", value)
	return value
}

BEGIN {
	print "<!-- Written by build-aux/reasons.awk from src/model/codes.def: `make reasons`. -->"
	print "# Why a run ended as it did"
	print ""
	print "Every outcome has one reason. Its id does not change between releases; it is the last"
	print "line of the status log, in `result.json`, and in what `ofed-init plan` prints."
	print ""
	print "| reason | exit | what it says | what to do |"
	print "| --- | --- | --- | --- |"
}

/^OI_REASON\(/ { row = ""; open = 1 }

open {
	line = $0
	sub(/^[ \t]+/, " ", line)
	row = row line
	if (row ~ /\)[ \t]*$/) {
		open = 0
		rest = row
		sub(/^OI_REASON\(/, "", rest)
		take()
		id = take()
		code = take()
		text = take()
		remedy = take()
		print "| `" id "` | " code " | " text " | " remedy " |"
		rows++
	}
}

END {
	if (!failed && open)
		fail("the last row has no end")
	if (!failed && !rows)
		fail("no OI_REASON row at all")
}
