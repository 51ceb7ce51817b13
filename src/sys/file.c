/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * file.c - Whole files, read and written safely
 */

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SIZE 4096

/**
 * grow() - Double a buffer; the old one is wiped, it may hold a secret
 * @text:	Buffer, replaced
 * @size:	Its size in bytes, replaced
 */
static int grow(char **text, size_t *size)
{
	size_t new_size = *size ? 2 * *size : FIRST_SIZE;
	char *bigger = malloc(new_size);

	if (!bigger)
		return -ENOMEM;
	if (*text) {
		memcpy(bigger, *text, *size);
		file_wipe(*text, *size);
	}
	*text = bigger;
	*size = new_size;
	return 0;
}

/**
 * read_fd() - The rest of an open file
 * @fd:		File (borrowed)
 * @max:	Longest content accepted
 * @text:	Receives heap memory, NUL-terminated; NULL on failure
 *
 * Return: length, or negative errno as file_read()
 */
static ssize_t read_fd(int fd, size_t max, char **text)
{
	char *buf = NULL;
	size_t size = 0;
	size_t len = 0;
	ssize_t ret;

	*text = NULL;
	for (;;) {
		if (len + 1 >= size) {
			ret = grow(&buf, &size);
			if (ret)
				goto err_wipe;
		}
		ret = read(fd, buf + len, size - len - 1);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0) {
			ret = -errno;
			goto err_wipe;
		}
		if (ret == 0)
			break;
		len += (size_t)ret;
		if (len > max) {
			ret = -EMSGSIZE;
			goto err_wipe;
		}
	}
	if (memchr(buf, '\0', len)) {
		ret = -EBADMSG;
		goto err_wipe;
	}
	buf[len] = '\0';
	*text = buf;
	return (ssize_t)len;

err_wipe:
	file_wipe(buf, size);
	return ret;
}

/** open_read() - Opening a FIFO must not wait for a writer.  Return: descriptor or
 *  negative errno */
static int open_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/** regular_check() - Is it a file that is there as a whole?  Return: 0, -EISDIR,
 *  -ENOTSUP for what else it may be, or another negative errno */
static int regular_check(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -ENOTSUP;
}

ssize_t file_read(const char *path, size_t max, char **text)
{
	int fd = open_read(path);
	ssize_t len;

	*text = NULL;
	if (fd < 0)
		return fd;
	len = regular_check(fd);
	if (!len)
		len = read_fd(fd, max, text);
	close(fd);
	return len;
}

ssize_t file_peek(const char *path, char *text, size_t size)
{
	int fd = open_read(path);
	ssize_t ret;

	if (fd < 0)
		return fd;
	ret = regular_check(fd);
	if (!ret) {
		ret = pread(fd, text, size - 1, 0);
		if (ret < 0)
			ret = -errno;
	}
	close(fd);
	if (ret >= 0)
		text[ret] = '\0';
	return ret;
}

int file_check(const char *path)
{
	int fd = open_read(path);
	int err;

	if (fd < 0)
		return fd;
	err = regular_check(fd);
	close(fd);
	return err;
}

const char *file_why(ssize_t err)
{
	switch (-err) {
	case EBADMSG:
		return "it has NUL bytes in it; it must be a text file";
	case EMSGSIZE:
		return "it is too large";
	case ENOTSUP:
		return "it is no regular file";
	default:
		return strerror((int)-err);
	}
}

#define NO_GROUP ((gid_t)-1)

/**
 * secret_check() - May this file hold a secret?
 * @fd:		The open file: what is checked is what is read
 * @group:	That may read it as well, NO_GROUP for none
 * @why:	Set to the remedy when not
 */
static int secret_check(int fd, gid_t group, const char **why)
{
	mode_t open_to = S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
	struct stat st;

	if (fstat(fd, &st)) {
		*why = "its permissions cannot be read";
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = "not a regular file; a key lies in a file of its own";
		return -EACCES;
	}
	if (st.st_size == 0) {
		*why = "empty; write the key there";
		return -EBADMSG;
	}
	if (group != NO_GROUP && st.st_gid == group)
		open_to &= ~(mode_t)S_IRGRP;
	if (st.st_mode & open_to) {
		*why = "group or others may read or change it; "
		       "chmod 600 makes it private";
		return -EACCES;
	}
	/* Who owns it may change it, and open it for others again. */
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		*why = "belongs to another user; chown gives it to the one "
		       "that starts this program";
		return -EACCES;
	}
	return 0;
}

/** open_why() - The remedy for a key file that does not open */
static const char *open_why(int err)
{
	switch (err) {
	case ENOENT:
		return "no such file; write the key there, or correct the path";
	case EACCES:
	case EPERM:
		return "may not be read; it must belong to the user "
		       "that starts this program (a relay that is to read it "
		       "again: root and its user's group, mode 640)";
	default:
		return "cannot be opened";
	}
}

/** read_why() - The remedy for a key file that does not read */
static const char *read_why(int err)
{
	switch (err) {
	case EMSGSIZE:
		return "too long for a key";
	case EBADMSG:
		return "contains a NUL byte; a key is text";
	case EISDIR:
		return "a directory; name the file in it";
	default:
		return "cannot be read";
	}
}

/**
 * secret_trim() - Take line ends from the end; a key is one line of text
 * @text:	As read, @len bytes
 * @why:	Set to the remedy when it is none
 *
 * Return: new length, or -EBADMSG
 */
static ssize_t secret_trim(char *text, size_t len, const char **why)
{
	size_t i;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	for (i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
			continue;
		*why = "more than one line, or control characters in it; a key "
		       "is one line of text";
		return -EBADMSG;
	}
	if (len == 0) {
		*why = "empty; write the key there";
		return -EBADMSG;
	}
	return (ssize_t)len;
}

/** read_private() - As file_read_secret(); @lines: any number of them */
static ssize_t read_private(const char *path, size_t max, gid_t group,
			    char **text, const char **why, bool lines)
{
	int fd = open_read(path);
	ssize_t read_len;
	ssize_t len;

	*text = NULL;
	*why = NULL;
	if (fd < 0) {
		*why = open_why(-fd);
		return fd;
	}

	len = secret_check(fd, group, why);
	if (len)
		goto out_close;
	len = read_fd(fd, max, text);
	if (len < 0 || !*text) {
		*why = read_why((int)-len);
		goto out_close;
	}
	read_len = len;
	if (!lines)
		len = secret_trim(*text, (size_t)read_len, why);
	if (len < 0) {
		file_wipe(*text, (size_t)read_len);
		*text = NULL;
	}

out_close:
	close(fd);
	return len;
}

ssize_t file_read_secret(const char *path, size_t max, char **text,
			 const char **why)
{
	return read_private(path, max, NO_GROUP, text, why, false);
}

ssize_t file_read_group_secret(const char *path, size_t max, gid_t group,
			       char **text, const char **why)
{
	return read_private(path, max, group, text, why, false);
}

ssize_t file_read_private(const char *path, size_t max, char **text,
			  const char **why)
{
	return read_private(path, max, NO_GROUP, text, why, true);
}

const char *file_locate(const char *path, char *buf, size_t size)
{
	static const char prefix[] = "$CREDENTIALS_DIRECTORY/";
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	int len;

	if (strncmp(path, prefix, sizeof(prefix) - 1) || !folder)
		return path;
	len = snprintf(buf, size, "%s/%s", folder, path + sizeof(prefix) - 1);
	return len > 0 && (size_t)len < size ? buf : path;
}

void file_wipe(char *text, size_t len)
{
	if (!text)
		return;
	explicit_bzero(text, len);
	free(text);
}

/** write_all() - Every byte, however often write() stops short */
static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		len -= (size_t)done;
	}
	return 0;
}

/**
 * sync_dir() - Make a rename in a directory last
 * @path:	A file in it
 */
static int sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int ret = 0;
	int fd;

	if (!slash)
		dir = strdup(".");
	else
		dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!dir)
		return -ENOMEM;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		ret = -errno;
	if (fd >= 0)
		close(fd);
	free(dir);
	return ret;
}

/** write_new() - Create @path, which must not exist, with all of its bytes */
static int write_new(const char *path, const void *data, size_t len,
		     mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, data, len);
	if (!ret && (fchmod(fd, mode) || fsync(fd)))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (ret)
		unlink(path);
	return ret;
}

int file_remove(const char *path)
{
	int err;

	if (!unlink(path) || errno == ENOENT)
		return 0;
	err = -errno;
	/* A file system that is read-only says so of what is not there, too. */
	return access(path, F_OK) && (errno == ENOENT || errno == ENOTDIR)
		       ? 0
		       : err;
}

int file_write_atomic(const char *path, const void *data, size_t len,
		      mode_t mode)
{
	char *new_path;
	int ret;

	if (asprintf(&new_path, "%s.new", path) < 0)
		return -ENOMEM;
	/* One that a crash left behind; a path has one writer at a time. */
	ret = file_remove(new_path);
	if (ret)
		goto out_free;
	ret = write_new(new_path, data, len, mode);
	if (ret)
		goto out_free;
	if (rename(new_path, path)) {
		ret = -errno;
		unlink(new_path);
		goto out_free;
	}
	ret = sync_dir(path);

out_free:
	free(new_path);
	return ret;
}

int file_make_parents(const char *path, mode_t mode)
{
	char *copy = strdup(path);
	char *slash;
	int ret = 0;

	if (!copy)
		return -ENOMEM;
	for (slash = strchr(copy + 1, '/'); slash && !ret;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, mode) && errno != EEXIST)
			ret = -errno;
		*slash = '/';
	}
	free(copy);
	return ret;
}
