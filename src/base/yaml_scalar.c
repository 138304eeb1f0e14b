/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source: PyYAML 6.0, resolver.py (the patterns) and constructor.py (SafeConstructor: the values) */
#include "base/yaml_scalar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define CORE "tag:yaml.org,2002:"
#define DIGITS "0123456789"

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(text, words[i]))
			return true;
	return false;
}

static const char *skip(const char *text, const char *set)
{
	return text + strspn(text, set);
}

static const char *skip_sign(const char *text)
{
	return text + (*text == '-' || *text == '+');
}

/* At least one of @set, and nothing behind it. */
static bool all_of(const char *text, const char *set)
{
	return *text && !*skip(text, set);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* (:[0-5]?[0-9])+ ; NULL: it is not there */
static const char *skip_sixties(const char *text)
{
	const char *from = text;

	while (*text == ':' && is_digit(text[1]))
		text += text[1] <= '5' && is_digit(text[2]) ? 3 : 2;
	return text == from ? NULL : text;
}

static bool is_int(const char *text)
{
	const char *c = skip_sign(text);

	if (c[0] == '0' && c[1] == 'b')
		return all_of(c + 2, "01_");
	if (c[0] == '0' && c[1] == 'x')
		return all_of(c + 2, DIGITS "abcdefABCDEF_");
	if (c[0] == '0')
		return !c[1] || all_of(c + 1, "01234567_");
	if (!is_digit(*c))
		return false;
	c = skip(c, DIGITS "_");
	if (!*c)
		return true;
	c = skip_sixties(c);
	return c && !*c;
}

static bool is_exponent(const char *c)
{
	return !*c || ((*c == 'e' || *c == 'E') && (c[1] == '-' || c[1] == '+') &&
		       all_of(c + 2, DIGITS));
}

static bool is_real(const char *text)
{
	static const char *const inf[] = { ".inf", ".Inf", ".INF" };
	static const char *const nan[] = { ".nan", ".NaN", ".NAN" };
	const char *c = skip_sign(text), *sixties;

	if (is_one_of(c, inf, OI_ARRAY_SIZE(inf)) || is_one_of(text, nan, OI_ARRAY_SIZE(nan)))
		return true;
	if (*text == '.')
		return is_digit(text[1]) && is_exponent(skip(text + 1, DIGITS "_"));
	if (!is_digit(*c))
		return false;
	c = skip(c, DIGITS "_");
	if (*c == '.')
		return is_exponent(skip(c + 1, DIGITS "_"));
	sixties = skip_sixties(c);
	return sixties && *sixties == '.' && !*skip(sixties + 1, DIGITS "_");
}

/* Reads @least to @most digits; false: they are not there. */
static bool take_number(const char **text, int least, int most, int *value)
{
	int n = 0;

	for (*value = 0; n < most && is_digit(**text); n++)
		*value = *value * 10 + *(*text)++ - '0';
	return n >= least;
}

struct moment {
	int year, month, day, hour, minute, second, zone_hour, zone_minute;
};

/* The two forms of a timestamp: a date of fixed width, or a date and a time. */
static bool read_moment(const char *c, bool tagged, struct moment *m)
{
	const char *from = c;

	memset(m, 0, sizeof(*m));
	if (!take_number(&c, 4, 4, &m->year) || *c++ != '-' || !take_number(&c, 1, 2, &m->month) ||
	    *c++ != '-' || !take_number(&c, 1, 2, &m->day))
		return false;
	if (!*c)
		return tagged || c - from == 10;
	if (*c == 'T' || *c == 't')
		c++;
	else if (*c == ' ' || *c == '\t')
		c = skip(c, " \t");
	else
		return false;
	if (!take_number(&c, 1, 2, &m->hour) || *c++ != ':' || !take_number(&c, 2, 2, &m->minute) ||
	    *c++ != ':' || !take_number(&c, 2, 2, &m->second))
		return false;
	if (*c == '.')
		c = skip(c + 1, DIGITS);
	if (!*c)
		return true;
	c = skip(c, " \t");
	if (*c == 'Z')
		return !c[1];
	if (*c != '+' && *c != '-')
		return false;
	c++;
	if (!take_number(&c, 1, 2, &m->zone_hour))
		return false;
	if (*c == ':' && (c++, !take_number(&c, 2, 2, &m->zone_minute)))
		return false;
	return !*c;
}

static bool is_in_calendar(const struct moment *m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (m->year % 4 == 0 && m->year % 100 != 0) || m->year % 400 == 0;

	if (m->year < 1 || m->month < 1 || m->month > 12 || m->day < 1 ||
	    m->day > days[m->month - 1] + (leap && m->month == 2))
		return false;
	return m->hour < 24 && m->minute < 60 && m->second < 60 &&
	       m->zone_hour * 60 + m->zone_minute < 24 * 60;
}

static char *without_lines(const char *text)
{
	char *copy = oi_mem_dup(text), *out = copy;

	for (const char *c = text; *c; c++)
		if (*c != '_')
			*out++ = *c;
	*out = '\0';
	return copy;
}

/* "1:30:00" is 5400. Beyond 2^53 nobody asks for the last digit. False: there are other letters */
static bool read_sixties(const char *text, const char *letters, double *value)
{
	*value = 0;
	for (const char *part = text; part; part = strchr(part, ':')) {
		char *end;

		part += *part == ':';
		if (!*part || !strchr(letters, *part))
			return false;
		*value = *value * 60 + strtod(part, &end);
		if (end == part || (*end && *end != ':'))
			return false;
	}
	return strspn(text, letters) == strlen(text);
}

/* Source: Python, int(text, base): at least one digit, and nothing else */
static bool put_int(struct oi_doc *doc)
{
	OI_FREE char *text = without_lines(doc->text);
	const char *c = skip_sign(text);
	bool minus = *text == '-';
	int base = 10;
	char *end;

	if (c[0] == '0' && (c[1] == 'b' || c[1] == 'x')) {
		base = c[1] == 'b' ? 2 : 16;
		c += 2;
	} else if (c[0] == '0' && c[1]) {
		base = 8;
		c += c[1] == 'o' ? 2 : 0; /* Python's own form, with a tag only */
	}
	doc->kind = OI_DOC_INT;
	if (base == 10 && strchr(c, ':')) {
		double value;

		if (!read_sixties(c, DIGITS ":", &value))
			return false;
		if (value > 9e15)
			doc->kind = OI_DOC_REAL;
		else
			doc->integer = (int64_t)value * (minus ? -1 : 1);
		doc->real = minus ? -value : value;
		return true;
	}
	if (!all_of(c, base == 2 ? "01" : base == 8 ? "01234567" : base == 10 ? DIGITS :
				   DIGITS "abcdefABCDEF"))
		return false;
	errno = 0;
	doc->integer = strtoll(c, &end, base) * (minus ? -1 : 1);
	doc->real = (double)doc->integer;
	if (errno || *end) { /* Python has no limit */
		doc->kind = OI_DOC_REAL;
		doc->real = strtod(c, NULL) * (minus ? -1 : 1);
	}
	return true;
}

static bool put_real(struct oi_doc *doc)
{
	OI_FREE char *text = without_lines(doc->text);
	const char *c = skip_sign(text);
	char *end = NULL;

	doc->kind = OI_DOC_REAL;
	if (!strcasecmp(c, ".inf") || !strcasecmp(c, ".nan")) {
		doc->real = strtod(c + 1, &end); /* "inf" and "nan" are C's words too */
	} else if (strchr(c, ':')) {
		if (!read_sixties(c, DIGITS ":.eE+-", &doc->real))
			return false;
	} else {
		if (!*c || strspn(c, DIGITS ".eE+-") != strlen(c) || !strpbrk(c, DIGITS))
			return false;
		doc->real = strtod(c, &end);
		if (*end)
			return false;
	}
	if (*text == '-')
		doc->real = -doc->real;
	return true;
}

static bool put_bool(struct oi_doc *doc)
{
	static const char *const yes[] = { "yes", "true", "on" };
	static const char *const no[] = { "no", "false", "off" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(yes); i++)
		if (!strcasecmp(doc->text, yes[i]) || !strcasecmp(doc->text, no[i])) {
			doc->kind = OI_DOC_BOOL;
			doc->boolean = !strcasecmp(doc->text, yes[i]);
			return true;
		}
	return false;
}

/* Either all small, all large, or the first letter large. */
static bool is_plain_bool(const char *text)
{
	static const char *const words[] = { "true", "True", "TRUE", "yes", "Yes", "YES",
					     "on",   "On",   "ON",   "false", "False", "FALSE",
					     "no",   "No",   "NO",   "off",  "Off", "OFF" };

	return is_one_of(text, words, OI_ARRAY_SIZE(words));
}

bool oi_yaml_is_merge(const char *text)
{
	return !strcmp(text, "<<");
}

static const char *resolve_plain(struct oi_doc *doc)
{
	static const char *const nothing[] = { "", "~", "null", "Null", "NULL" };
	struct moment moment;

	if (is_plain_bool(doc->text))
		return put_bool(doc) ? NULL : "no boolean";
	if (is_real(doc->text))
		return put_real(doc) ? NULL : "not a number, though it begins like one; quote it";
	if (is_int(doc->text))
		return put_int(doc) ? NULL : "not a number, though it begins like one; quote it";
	if (oi_yaml_is_merge(doc->text))
		return "<< is a key, and stands for no value; quote it";
	if (is_one_of(doc->text, nothing, OI_ARRAY_SIZE(nothing)))
		doc->kind = OI_DOC_NULL;
	else if (read_moment(doc->text, false, &moment)) {
		doc->kind = OI_DOC_DATE;
		return is_in_calendar(&moment) ? NULL : "there is no such date; quote it";
	} else if (!strcmp(doc->text, "=")) {
		return "= by itself means something else in YAML 1.1; quote it";
	}
	return NULL;
}

/* Source: Python, base64.decodebytes(): letters that are none of base64's are passed over */
static bool is_base64(const char *text)
{
	size_t n = 0, pads = 0;

	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
		if (is_digit(*text) || strchr("+/", *text) || (*text >= 'a' && *text <= 'z') ||
		    (*text >= 'A' && *text <= 'Z')) {
			n++;
			pads = 0;
		} else if (*text == '=' && n % 4 >= 2 && n % 4 + ++pads >= 4) {
			return true; /* what comes behind is not looked at */
		}
	}
	return n % 4 == 0;
}

const char *oi_yaml_resolve(struct oi_doc *doc, const char *tag, bool plain)
{
	struct moment moment;
	const char *name;

	/* PyYAML takes a word behind "!" for one without quotes, whatever it has */
	if (!tag || !strcmp(tag, "!"))
		return plain || tag ? resolve_plain(doc) : NULL;
	if (strncmp(tag, CORE, strlen(CORE)) != 0)
		return "an unknown tag";
	name = tag + strlen(CORE);
	if (!strcmp(name, "str"))
		return NULL;
	if (!strcmp(name, "null")) {
		doc->kind = OI_DOC_NULL;
		return NULL;
	}
	if (!strcmp(name, "bool"))
		return put_bool(doc) ? NULL : "no boolean";
	if (!strcmp(name, "int"))
		return put_int(doc) ? NULL : "not a whole number";
	if (!strcmp(name, "float"))
		return put_real(doc) ? NULL : "no number";
	if (!strcmp(name, "binary")) {
		doc->kind = OI_DOC_BYTES;
		return is_base64(doc->text) ? NULL : "no base64";
	}
	if (!strcmp(name, "timestamp")) {
		doc->kind = OI_DOC_DATE;
		return read_moment(doc->text, true, &moment) && is_in_calendar(&moment) ? NULL : "no date";
	}
	return "an unknown tag";
}
