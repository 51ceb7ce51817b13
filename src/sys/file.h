/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * file.h - Whole files, read and written safely
 */

#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stddef.h>
#include <sys/types.h>

/**
 * file_read() - Read a whole file; it never waits for a writer
 * @path:	File
 * @max:	Longest content accepted, in bytes
 * @text:	Receives heap memory, NUL-terminated (the caller's)
 *
 * Return: length, -EMSGSIZE, -EBADMSG (contains NUL), -ENOTSUP (no regular file),
 *	   or another negative errno
 */
ssize_t file_read(const char *path, size_t max, char **text)
	__attribute__((warn_unused_result));

/**
 * file_peek() - How a file begins, whatever is in it
 * @path:	File
 * @text:	Receives up to @size - 1 bytes and a NUL
 *
 * Return: bytes received, -EISDIR or -ENOTSUP (no regular file), or another negative
 *	   errno
 */
ssize_t file_peek(const char *path, char *text, size_t size)
	__attribute__((warn_unused_result));

/** file_check() - Could a library read this file, without waiting for a writer?
 *  Return: 0, or negative errno as file_read() */
int file_check(const char *path) __attribute__((warn_unused_result));

/** file_why() - What file_read() returned, in words: "cannot be read: ..." */
const char *file_why(ssize_t err);

/**
 * file_read_secret() - Read a key file: its text without trailing newlines
 * @why:	On failure set to a static sentence with the remedy
 *
 * Refuses a file that group or others may read, or that belongs to another user
 * than root or our own (-EACCES), and one that is empty or has more than one
 * line (-EBADMSG).  The caller wipes and frees @text with file_wipe().
 */
ssize_t file_read_secret(const char *path, size_t max, char **text,
			 const char **why) __attribute__((warn_unused_result));

/** file_read_group_secret() - As file_read_secret(), but @group may read it, too: that
 *  of the user whom a program becomes that began as root, and reads again; (gid_t)-1
 *  for none */
ssize_t file_read_group_secret(const char *path, size_t max, gid_t group,
			       char **text, const char **why)
	__attribute__((warn_unused_result));

/** file_read_private() - The same as file_read_secret() for a text of several lines, kept as it is */
ssize_t file_read_private(const char *path, size_t max, char **text,
			  const char **why) __attribute__((warn_unused_result));

/** file_locate() - "$CREDENTIALS_DIRECTORY/x" to where systemd put it
 *  Return: @buf, or @path when it does not begin so or there is no such folder */
const char *file_locate(const char *path, char *buf, size_t size);

/** file_wipe() - Overwrite and free a secret; NULL is fine */
void file_wipe(char *text, size_t len);

/**
 * file_write_atomic() - Write a file so that readers see the old or the new one
 * @mode:	Permissions of the new file
 */
int file_write_atomic(const char *path, const void *data, size_t len,
		      mode_t mode) __attribute__((warn_unused_result));

/** file_remove() - Remove a file; one that is not there is as good */
int file_remove(const char *path) __attribute__((warn_unused_result));

/**
 * file_make_parents() - mkdir -p of the directory that @path is to lie in
 * @mode:	Permissions of directories that are made
 */
int file_make_parents(const char *path, mode_t mode)
	__attribute__((warn_unused_result));

#endif /* SYS_FILE_H */
