/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

/* Return: length of the address; 0: there is none that can be used */
static socklen_t address(struct sockaddr_un *at)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	/* an '@' stands for the zero byte that an abstract name begins with */
	if (len < 2 || len >= sizeof(at->sun_path) || (*path != '/' && *path != '@'))
		return 0;
	memset(at, 0, sizeof(*at));
	at->sun_family = AF_UNIX;
	memcpy(at->sun_path, path, len);
	if (*path == '@')
		at->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void oi_notify_status(const char *fmt, ...)
{
	OI_FREE char *text = NULL;
	OI_FREE char *message = NULL;
	struct sockaddr_un at;
	socklen_t len = address(&at);
	va_list ap;
	int fd;

	if (!len)
		return;
	va_start(ap, fmt);
	text = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	/* a second line would be another assignment */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	message = oi_mem_printf("STATUS=%s\n", text);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* systemd that is too busy to listen must not hold us up */
	(void)!sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)&at, len);
	close(fd);
}
