/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes and scope cleanup used everywhere. */
#ifndef OI_BASE_ATTR_H
#define OI_BASE_ATTR_H

#define OI_MUST_CHECK __attribute__((warn_unused_result))
#define OI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define OI_CLEANUP(fn) __attribute__((cleanup(fn)))
#define OI_UNUSED __attribute__((unused))
#define OI_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
