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
#include "codec/pem.h"
#include "policy/print.h"
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
 * seal_secret() - A file that only its owner may read
 * @path:	As configured
 * @key:	The key that names it
 * @max:	Longest text, in bytes
 * @lines:	It may have several lines
 *
 * Return: descriptor, or negative errno with an entry
 */
static int seal_secret(const char *path, const char *key, size_t max,
		       bool lines, struct diag *diag)
{
	char buf[PATH_MAX];
	const char *real = file_locate(path, buf, sizeof(buf));
	const char *why;
	char *text;
	/* Two more, for the end of the line. */
	ssize_t len = lines ? file_read_private(real, max + 2, &text, &why)
			    : file_read_secret(real, max + 2, &text, &why);
	int fd;

	if (len < 0) {
		diag_error(diag, path, 0, "%s: %s", key, why);
		return -EBADMSG;
	}
	if ((size_t)len > max) {
		diag_error(diag, path, 0, "%s: longer than %zu bytes", key,
			   max);
		fd = -EBADMSG;
	} else {
		fd = seal(key, text, (size_t)len, diag);
	}
	file_wipe(text, (size_t)len);
	return fd;
}

/** seal_credential() - Its secret; Return: as above */
static int seal_credential(const struct access_conf *conf, struct diag *diag)
{
	bool pem = conf->kind == CREDENTIAL_CLIENT_CERTIFICATE;

	return seal_secret(conf->secret_file, access_secret_key(conf->kind),
			   conf->kind == CREDENTIAL_KEY
				   ? KEY_LEN_MAX
				   : SECRET_FILE_LEN_MAX - 2,
			   pem, diag);
}

static int seal_ca(const struct gateway_conf *conf, struct diag *diag)
{
	const char *path = conf->access.ca_file;
	char buf[PATH_MAX];
	char *text;
	ssize_t len = file_read(file_locate(path, buf, sizeof(buf)),
				CA_FILE_LEN_MAX, &text);
	unsigned int line = 0;
	int cnt;
	int fd;

	if (len < 0) {
		diag_error(diag, path, 0, "ca_file cannot be read: %s",
			   file_why(len));
		return -EBADMSG;
	}
	cnt = pem_certificates(text, &line);
	if (cnt < 0)
		diag_error(diag, path, line,
			   "the certificate that begins here is damaged");
	else if (cnt == 0)
		diag_error(diag, path, 0,
			   "ca_file holds no certificate in PEM form");
	fd = cnt > 0 ? seal("ca", text, (size_t)len, diag) : -EBADMSG;
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

/** read_secrets() - All files that are configured; Return: 0 or -EBADMSG */
static int read_secrets(struct feed *feed, const struct gateway_conf *conf,
			struct diag *diag)
{
	const struct access_conf *access = &conf->access;
	size_t error_cnt = diag->error_cnt;

	if (access->secret_file)
		feed->key = seal_credential(access, diag);
	if (access->ca_file)
		feed->ca = seal_ca(conf, diag);
	if (access->certificate_file)
		feed->certificate = seal_secret(
			access->certificate_file, "tls.certificate_file",
			SECRET_FILE_LEN_MAX - 2, true, diag);
	if (access->proxy_password_file)
		feed->proxy_password = seal_secret(access->proxy_password_file,
						   "proxy_password_file",
						   KEY_LEN_MAX, false, diag);
	return diag->error_cnt == error_cnt ? 0 : -EBADMSG;
}

int feed_read(struct feed *feed, const struct policy *policy,
	      const struct gateway_conf *conf, struct diag *diag)
{
	int err = read_secrets(feed, conf, diag);

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
