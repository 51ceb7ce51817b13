/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * culprit.c - Which process did it, as far as can be told
 */

#include "steward/culprit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/** read_line() - A file of a process in /proc as one line; "" if there is none */
static void read_line(uint32_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t len;
	ssize_t i;
	int fd;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, out, size - 1);
	close(fd);
	for (i = 0; i < len; i++) {
		if (out[i] == '\0' || out[i] == '\n')
			out[i] = ' ';
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len > 0 ? len : 0] = '\0';
}

/** unquote() - Whoever it was chose its name: it must not end the value */
static void unquote(char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			*text = '\'';
	}
}

void culprit_take(struct culprit *culprit, uint32_t pid, const char *comm)
{
	char now[CULPRIT_COMM_SIZE];

	if (pid == 0)
		return;
	read_line(pid, "comm", now, sizeof(now));
	/* An id that was given anew, or is another pid namespace's. */
	if (comm && strcmp(now, comm) != 0)
		now[0] = '\0';
	if (!now[0] && culprit->pid && !comm)
		return;
	*culprit = (struct culprit){.pid = pid};
	snprintf(culprit->comm, sizeof(culprit->comm), "%s", comm ? comm : now);
	if (now[0])
		read_line(pid, "cmdline", culprit->command,
			  sizeof(culprit->command));
	unquote(culprit->command);
}

void culprit_text(const struct culprit *culprit, char by[CULPRIT_BY_SIZE])
{
	if (culprit->pid && culprit->command[0])
		snprintf(by, CULPRIT_BY_SIZE, "\"%s\" pid=%u command=\"%s\"",
			 culprit->comm, culprit->pid, culprit->command);
	else if (culprit->pid)
		snprintf(by, CULPRIT_BY_SIZE, "\"%s\" pid=%u",
			 culprit->comm[0] ? culprit->comm : "unknown",
			 culprit->pid);
	else
		snprintf(by, CULPRIT_BY_SIZE, "\"unknown\"");
}
