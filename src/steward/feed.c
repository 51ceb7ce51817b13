/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * feed.c - What each carrier is handed, kept ready
 */

#include "steward/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "policy/print.h"
#include "steward/material.h"
#include "sys/file.h"
#include "sys/handover.h"

#define STATUS_BACKLOG  16
#define STATUS_MODE     0660
#define STATUS_DIR_MODE 0755
/* A bundle of certificates, as setup_take() of the carrier accepts it. */
#define CA_FILE_LEN_MAX (16 * SECRET_FILE_LEN_MAX)

void feed_init(struct feed *feed)
{
	*feed = (struct feed){-1, -1, -1, -1, -1, -1, -1};
}

void feed_close(struct feed *feed)
{
	const int fds[] = {
		feed->policy,      feed->gateway,        feed->key,   feed->ca,
		feed->certificate, feed->proxy_password, feed->status};
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	feed_init(feed);
}

/** seal() - Keep a text; Return: descriptor, or negative errno with an entry */
static int seal(const char *name, const char *text, size_t len,
		struct diag *diag)
{
	int fd = handover_seal_text(name, text, len);

	if (fd < 0)
		diag_error(diag, NULL, 0, "memory for %s: %s", name,
			   strerror(-fd));
	return fd;
}

/**
 * read_secret() - A file that only its owner may read
 * @path:	As configured
 * @key:	The key that names it
 * @max:	Longest text, in bytes
 * @lines:	It may have several lines
 * @text:	Receives it, for file_wipe(); NULL after a failure
 *
 * Return: its length, or -EBADMSG with an entry
 */
static ssize_t read_secret(const char *path, const char *key, size_t max,
			   bool lines, char **text, struct diag *diag)
{
	char buf[PATH_MAX];
	const char *real = file_locate(path, buf, sizeof(buf));
	const char *why;
	/* Two more, for the end of the line. */
	ssize_t len = lines ? file_read_private(real, max + 2, text, &why)
			    : file_read_secret(real, max + 2, text, &why);

	if (len < 0) {
		diag_error(diag, path, 0, "%s: %s", key, why);
		return -EBADMSG;
	}
	if ((size_t)len <= max)
		return len;
	diag_error(diag, path, 0, "%s: longer than %zu bytes", key, max);
	file_wipe(*text, (size_t)len);
	*text = NULL;
	return -EBADMSG;
}

/** seal_good() - Keep a text unless it has a @fault; Return: as seal() */
static int seal_good(const char *path, const char *key, const char *fault,
		     unsigned int line, const char *text, size_t len,
		     struct diag *diag)
{
	if (!fault)
		return seal(key, text, len, diag);
	diag_error(diag, path, line, "%s: %s", key, fault);
	return -EBADMSG;
}

/** seal_credential() - Its secret; Return: descriptor, or negative errno with an
 *  entry */
static int seal_credential(const struct access_conf *conf, struct diag *diag)
{
	const char *key = access_secret_key(conf->kind);
	size_t max = conf->kind == CREDENTIAL_KEY ? KEY_LEN_MAX
						  : SECRET_FILE_LEN_MAX - 2;
	unsigned int line = 0;
	const char *fault;
	char *text;
	ssize_t len = read_secret(conf->secret_file, key, max,
				  conf->kind == CREDENTIAL_CLIENT_CERTIFICATE,
				  &text, diag);
	int fd;

	if (len < 0)
		return (int)len;
	fault = material_credential(conf->kind, text, (size_t)len, &line);
	fd = seal_good(conf->secret_file, key, fault, line, text, (size_t)len,
		       diag);
	file_wipe(text, (size_t)len);
	return fd;
}

/** seal_certificate() - Shown to relays in TLS; Return: as above */
static int seal_certificate(const char *path, struct diag *diag)
{
	static const char key[] = "tls.certificate_file";
	unsigned int line = 0;
	const char *fault;
	char *text;
	ssize_t len = read_secret(path, key, SECRET_FILE_LEN_MAX - 2, true,
				  &text, diag);
	int fd;

	if (len < 0)
		return (int)len;
	fault = material_identity(text, &line);
	fd = seal_good(path, key, fault, line, text, (size_t)len, diag);
	file_wipe(text, (size_t)len);
	return fd;
}

/** seal_password() - The proxy's; Return: as above */
static int seal_password(const char *path, struct diag *diag)
{
	static const char key[] = "proxy_password_file";
	char *text;
	ssize_t len = read_secret(path, key, KEY_LEN_MAX, false, &text, diag);
	int fd = len < 0 ? (int)len : seal(key, text, (size_t)len, diag);

	if (len >= 0)
		file_wipe(text, (size_t)len);
	return fd;
}

/** seal_ca() - Return: as above */
static int seal_ca(const char *path, struct diag *diag)
{
	static const char key[] = "ca_file";
	char buf[PATH_MAX];
	unsigned int line = 0;
	const char *fault;
	char *text;
	ssize_t len = file_read(file_locate(path, buf, sizeof(buf)),
				CA_FILE_LEN_MAX, &text);
	int fd;

	if (len < 0) {
		diag_error(diag, path, 0, "ca_file cannot be read: %s",
			   file_why(len));
		return -EBADMSG;
	}
	fault = material_ca(text, &line);
	fd = seal_good(path, key, fault, line, text, (size_t)len, diag);
	free(text);
	return fd;
}

static int seal_policy(const struct policy *policy, struct diag *diag)
{
	struct strbuf text;
	int fd;

	strbuf_init(&text);
	policy_print(policy, &text);
	fd = seal("policy", strbuf_str(&text), text.len, diag);
	strbuf_fini(&text);
	return fd;
}

static int seal_gateway(const struct gateway_conf *conf, struct diag *diag)
{
	struct strbuf text;
	int fd;

	strbuf_init(&text);
	gateway_conf_print(conf, &text);
	fd = seal("gateway", strbuf_str(&text), text.len, diag);
	strbuf_fini(&text);
	return fd;
}

bool feed_status_lives(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool lives;

	if (fd < 0)
		return false;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	lives = connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) ==
			0 ||
		errno == EAGAIN;
	close(fd);
	return lives;
}

/** clear_path() - A socket that an earlier steward left may go, else nothing */
static int clear_path(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (feed_status_lives(path))
		return -EADDRINUSE;
	return unlink(path) ? -errno : 0;
}

/** status_fault() - What keeps us from having a status socket, and the remedy */
static const char *status_fault(int err)
{
	if (err == -EEXIST)
		return "something that is no socket lies there; choose another "
		       "status.socket";
	if (err == -EADDRINUSE)
		return "another gateway answers there, perhaps one in another "
		       "network namespace; give each its own status.socket "
		       "and state_file";
	return strerror(-err);
}

/** bind_status() - Return: listening socket, or negative errno */
static int bind_status(const char *path, gid_t gid)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int err = file_make_parents(path, STATUS_DIR_MODE);
	mode_t mask;
	int fd;

	if (!err)
		err = clear_path(path);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	mask = umask(0777);
	err = bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
	umask(mask);
	/* The group is a convenience: without CAP_CHOWN it stays ours. */
	if (err || (chown(path, (uid_t)-1, gid) && errno != EPERM) ||
	    chmod(path, STATUS_MODE) || listen(fd, STATUS_BACKLOG)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int feed_read_secrets(struct feed *feed, const struct access_conf *conf,
		      struct diag *diag)
{
	size_t error_cnt = diag->error_cnt;

	if (conf->secret_file)
		feed->key = seal_credential(conf, diag);
	if (conf->ca_file)
		feed->ca = seal_ca(conf->ca_file, diag);
	if (conf->certificate_file)
		feed->certificate =
			seal_certificate(conf->certificate_file, diag);
	if (conf->proxy_password_file)
		feed->proxy_password =
			seal_password(conf->proxy_password_file, diag);
	return diag->error_cnt == error_cnt ? 0 : -EBADMSG;
}

int feed_read(struct feed *feed, const struct policy *policy,
	      const struct gateway_conf *conf, struct diag *diag)
{
	int err = feed_read_secrets(feed, &conf->access, diag);

	if (err)
		return err;
	feed->policy = seal_policy(policy, diag);
	feed->gateway = seal_gateway(conf, diag);
	return feed->policy < 0 || feed->gateway < 0 ? -ENOMEM : 0;
}

/** copy_fd() - A duplicate in *@copy; Return: 0 or negative errno */
static int copy_fd(int *copy, int fd)
{
	*copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd >= 0 && *copy < 0 ? -errno : 0;
}

int feed_copy(struct feed *copy, const struct feed *feed)
{
	int err;

	feed_init(copy);
	err = copy_fd(&copy->policy, feed->policy);
	if (!err)
		err = copy_fd(&copy->gateway, feed->gateway);
	if (!err)
		err = copy_fd(&copy->key, feed->key);
	if (!err)
		err = copy_fd(&copy->ca, feed->ca);
	if (!err)
		err = copy_fd(&copy->certificate, feed->certificate);
	if (!err)
		err = copy_fd(&copy->proxy_password, feed->proxy_password);
	return err;
}

void feed_replace(struct feed *feed, struct feed *next)
{
	int status = feed->status;

	feed->status = -1;
	feed_close(feed);
	*feed = *next;
	feed->status = status;
	feed_init(next);
}

int feed_open(struct feed *feed, const struct policy *policy,
	      const struct gateway_conf *conf, gid_t gid, struct diag *diag)
{
	int err = feed_read(feed, policy, conf, diag);

	if (err)
		return err;
	feed->status = bind_status(conf->status_socket, gid);
	if (feed->status < 0) {
		diag_error(diag, conf->status_socket, 0, "status socket: %s",
			   status_fault(feed->status));
		return feed->status;
	}
	return 0;
}

/** send_queues() - The TUN device's, in their order */
static int send_queues(const struct link_tun *tun, int sock)
{
	const struct handover_msg msg = {.type = HANDOVER_TUN,
					 .value = tun->offloads};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < tun->cnt; i++)
		err = handover_send(sock, &msg, tun->fds[i]);
	return err;
}

int feed_send(const struct feed *feed, const struct link_tun *tun, int sock)
{
	const struct {
		enum handover_type type;
		int fd;
	} set[] = {
		{HANDOVER_POLICY, feed->policy},
		{HANDOVER_GATEWAY, feed->gateway},
		{HANDOVER_KEY, feed->key},
		{HANDOVER_CA, feed->ca},
		{HANDOVER_CERTIFICATE, feed->certificate},
		{HANDOVER_PROXY_PASSWORD, feed->proxy_password},
		{HANDOVER_STATUS, feed->status},
		{HANDOVER_GO, -1},
	};
	int err = send_queues(tun, sock);
	size_t i;

	for (i = 0; !err && i < sizeof(set) / sizeof(*set); i++) {
		const struct handover_msg msg = {.type = set[i].type};

		if (set[i].fd < 0 && set[i].type != HANDOVER_GO)
			continue;
		err = handover_send(sock, &msg, set[i].fd);
	}
	return err;
}
