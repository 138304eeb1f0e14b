/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What apt-get, apt-cache and dpkg say, understood. Text in, values out. */
#ifndef OI_EXECUTE_APT_TEXT_H
#define OI_EXECUTE_APT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/strv.h"

struct oi_apt_change {
	char *name; /* "rdma-core", "libc6:i386" */
	char *before; /* NULL: newly installed */
	char *after; /* NULL: removed */
};

/* All that a simulated installation would change. Zeroed is empty. */
struct oi_apt_changes {
	struct oi_apt_change *v;
	size_t n;
};

/* What was said that matters, gathered line by line. Zeroed is empty. */
struct oi_apt_words {
	struct oi_strv errors; /* E: and dpkg's and dkms's own, in order */
	struct oi_strv warnings; /* W: */
	bool locked; /* another program has the lock */
	bool waiting; /* apt waits for it by itself */
	bool interrupted; /* dpkg was cut off earlier */
	bool broken; /* packages lack what they need already, before anything of ours */
	bool no_space;
	bool dkms_failed;
	bool in_unmet; /* within "The following packages have unmet dependencies:" */
	bool in_dpkg_error; /* the next line is its cause */
};

/**
 * oi_apt_changes_add() - understand one line of apt-get -s
 * Return: whether it was an Inst, Remv or Purg line.
 * Source: pkgSimulate in apt's algorithms.cc; recorded output in tests/data/apt
 */
bool oi_apt_changes_add(struct oi_apt_changes *changes, const char *line);
void oi_apt_changes_clear(struct oi_apt_changes *changes);

/* What apt-get --print-uris -V has said so far. Zeroed is the beginning. */
struct oi_apt_preview {
	struct oi_apt_changes changes;
	int64_t bytes; /* to download, local files apart */
	enum oi_apt_section {
		OI_APT_SECTION_NONE, /* none that changes anything */
		OI_APT_SECTION_NEW,
		OI_APT_SECTION_REPLACED, /* upgraded or downgraded */
		OI_APT_SECTION_REMOVED,
	} section;
	bool strange; /* a line that should name a change and does not */
	size_t listed[OI_APT_SECTION_REMOVED + 1];
	size_t counted[OI_APT_SECTION_REMOVED + 1]; /* by the summary line */
	size_t summaries;
};

/**
 * oi_apt_preview_add() - understand one line of apt-get --print-uris -V in the C locale
 * One call says changes and sizes, where --simulate says changes only, and takes two
 * to four times as long: it checks the whole cache again after each package.
 * Return: whether it was a package or a URI, rather than something to read.
 * Source: apt-private/private-output.cc; recorded output in tests/data/apt
 */
bool oi_apt_preview_add(struct oi_apt_preview *preview, const char *line);
/**
 * oi_apt_preview_whole() - was all of it understood: the lists agree with apt's own count
 * If not, --simulate has to be asked, whose form has not changed in twenty years.
 */
bool oi_apt_preview_whole(const struct oi_apt_preview *preview);
void oi_apt_preview_clear(struct oi_apt_preview *preview);

/**
 * oi_apt_changes_kernel() - the first change that touches a kernel
 * @release: the running one, whose extra modules may be installed
 * Headers, tools and firmware are no kernel. A new kernel package counts too:
 * the machine would boot it next, without our modules.
 * Return: borrowed, or NULL.
 */
const struct oi_apt_change *oi_apt_changes_kernel(const struct oi_apt_changes *changes,
						  const char *release);

/** oi_apt_changes_text() - "12 new, 1 upgraded, 0 removed"; owned by the caller */
char *oi_apt_changes_text(const struct oi_apt_changes *changes);

/** oi_apt_words_add() - listen to one line of any of them */
void oi_apt_words_add(struct oi_apt_words *words, const char *line);
void oi_apt_words_clear(struct oi_apt_words *words);
/** oi_apt_words_text() - the decisive ones in one line, "" when nothing was said; owned by the caller */
char *oi_apt_words_text(const struct oi_apt_words *words);

/** oi_apt_is_distrust() - is this error or warning about a signature or key */
bool oi_apt_is_distrust(const char *line);

enum oi_apt_known {
	OI_APT_UNKNOWN, /* no list has it */
	OI_APT_NO_CANDIDATE, /* a name only: virtual, or pinned away */
	OI_APT_CANDIDATE,
	OI_APT_INSTALLED,
};

/** oi_apt_policy() - what the output of apt-cache policy says of a package */
enum oi_apt_known oi_apt_policy(const char *text, const char *name);

/** oi_apt_uris_bytes() - how much --print-uris's output would download, local files apart */
int64_t oi_apt_uris_bytes(const char *text);

#endif
