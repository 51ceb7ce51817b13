/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * handover.c - What the steward hands to the carrier
 */

#include "sys/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* Room for more descriptors than a message may carry: those that came too many
 * must be seen to be closed. */
#define FD_ROOM 8

union control {
	char bytes[CMSG_SPACE(FD_ROOM * sizeof(int))];
	struct cmsghdr align;
};

int handover_send(int sock, const struct handover_msg *msg, int fd)
{
	struct handover_msg copy = *msg;
	struct iovec iov = {.iov_base = &copy, .iov_len = sizeof(copy)};
	struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control = {0};
	ssize_t len;

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		hdr.msg_control = control.bytes;
		hdr.msg_controllen = CMSG_SPACE(sizeof(int));
		cmsg = CMSG_FIRSTHDR(&hdr);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}

	do {
		len = sendmsg(sock, &hdr, MSG_NOSIGNAL);
	} while (len < 0 && errno == EINTR);
	if (len >= 0)
		return 0;
	if (errno == ECONNRESET || errno == ENOTCONN)
		return -EPIPE;
	return -errno;
}

/**
 * take_fds() - Collect the descriptors that came with a message
 * @hdr:	Received message
 * @fds:	Receives them, room for FD_ROOM
 *
 * Return: how many
 */
static size_t take_fds(struct msghdr *hdr, int fds[FD_ROOM])
{
	struct cmsghdr *cmsg;
	size_t cnt = 0;

	for (cmsg = CMSG_FIRSTHDR(hdr); cmsg; cmsg = CMSG_NXTHDR(hdr, cmsg)) {
		size_t bytes = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		/* The kernel cannot have put more than our room there. */
		memcpy(fds + cnt, CMSG_DATA(cmsg), bytes);
		cnt += bytes / sizeof(int);
	}
	return cnt;
}

int handover_receive(int sock, struct handover_msg *msg, int *fd)
{
	struct iovec iov = {.iov_base = msg, .iov_len = sizeof(*msg)};
	union control control;
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int fds[FD_ROOM];
	size_t fd_cnt;
	ssize_t len;

	*fd = -1;
	do {
		len = recvmsg(sock, &hdr, MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	if (len == 0 || (len < 0 && errno == ECONNRESET))
		return 0;
	if (len < 0)
		return -errno;

	fd_cnt = take_fds(&hdr, fds);
	if (len != sizeof(*msg) || fd_cnt > 1 ||
	    (hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    !memchr(msg->text, '\0', sizeof(msg->text))) {
		while (fd_cnt > 0)
			close(fds[--fd_cnt]);
		return -EBADMSG;
	}
	if (fd_cnt == 1)
		*fd = fds[0];
	return 1;
}

int handover_seal_text(const char *name, const void *data, size_t len)
{
	const char *pos = data;
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;

	if (fd < 0)
		return -errno;
	while (len > 0) {
		ssize_t done = write(fd, pos, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			goto err_close;
		pos += done;
		len -= (size_t)done;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS))
		goto err_close;
	return fd;

err_close:
	ret = -errno;
	close(fd);
	return ret;
}

ssize_t handover_read_text(int fd, size_t max, char **text)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	size_t size;
	ssize_t len;

	*text = NULL;
	if (seals < 0 || (seals & SEALS) != SEALS)
		return -EBADMSG;
	if (fstat(fd, &st))
		return -errno;
	size = (size_t)st.st_size;
	if (size > max)
		return -EMSGSIZE;

	*text = malloc(size + 1);
	if (!*text)
		return -ENOMEM;
	/* Sealed: the size cannot change, and memory does not read short. */
	len = pread(fd, *text, size, 0);
	if (len < 0 || (size_t)len != size || memchr(*text, '\0', size)) {
		len = len < 0 ? -errno : -EBADMSG;
		file_wipe(*text, size);
		*text = NULL;
		return len;
	}
	(*text)[size] = '\0';
	return len;
}
