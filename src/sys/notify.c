/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * notify.c - Telling systemd, without its library
 */

#include "sys/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify_open(void)
{
	return getenv("NOTIFY_SOCKET")
		       ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
		       : -1;
}

void notify_systemd(int fd, const char *state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (fd < 0 || len < 2 || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	/* sd_notify(3): a leading @ stands for an abstract socket's NUL. */
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	/* Whoever asked to be told and does not listen misses it: a loop does
	 * not wait for a systemd that stands still. */
	(void)!sendto(
		fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

/** env_number() - A variable of systemd's; 0 when it is no number, or not there */
static int64_t env_number(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	long long number = text ? strtoll(text, &end, 10) : 0;

	return text && end != text && !*end && number > 0 ? number : 0;
}

int64_t notify_watchdog_ms(void)
{
	int64_t pid = env_number("WATCHDOG_PID");

	/* Inherited, but meant for a process that started this one. */
	if (pid && pid != getpid())
		return 0;
	return env_number("WATCHDOG_USEC") / 2000;
}
