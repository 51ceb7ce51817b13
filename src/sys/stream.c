/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * stream.c - An outgoing byte stream over TCP, with TLS where asked for
 */

/**
 * DOC: Theory of operation
 *
 * A stream is one easy handle with CONNECT_ONLY, driven by multi.c while it
 * connects.  When the transfer is "done" the connection stands.  From then on
 * libcurl watches nothing; we watch its socket ourselves and move bytes with
 * curl_easy_recv() and, where TLS lies directly on the socket, records.c, else
 * curl_easy_send().
 *
 * Where a proxy may have us wait, the way through it is made by passage.c before, and
 * the transfer begins with that.
 *
 * What records.c has taken and the kernel has not is watched for here: the owner
 * hears of it as if it had asked for EPOLLOUT itself.
 */

#include "sys/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sys/clock.h"

/* The queue shall form where it can be sorted, not in the socket. */
#define NOTSENT_LOWAT_BYTES (128 * 1024)
/* Unacknowledged data for this long: the path is dead. */
#define USER_TIMEOUT_MS    10000
#define CONNECT_TIMEOUT_MS 10000L
#define KEEPALIVE_IDLE_S   60L

int stream_global_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) ? -ENOMEM : 0;
}

static struct stream *stream_of_source(struct loop_source *source)
{
	return (struct stream *)((char *)source -
				 offsetof(struct stream, source));
}

static struct stream *stream_of_multi(struct multi *multi)
{
	return (struct stream *)((char *)multi -
				 offsetof(struct stream, multi));
}

/** fail() - Close and tell the owner; @stream is the owner's again */
static void fail(struct stream *stream)
{
	stream_close(stream);
	stream->handler->failed(stream);
}

/** tune() - Make a good connection better; without this it still works */
static void tune(int fd)
{
	int lowat = NOTSENT_LOWAT_BYTES;
	unsigned int timeout_ms = USER_TIMEOUT_MS;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
			 sizeof(lowat));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
			 sizeof(timeout_ms));
}

/** connected() - libcurl is done: take over its socket */
static void connected(struct stream *stream)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	multi_release(&stream->multi);
	stream->events = EPOLLIN;
	if (curl_easy_getinfo(stream->multi.easy, CURLINFO_ACTIVESOCKET, &fd) ||
	    fd == CURL_SOCKET_BAD ||
	    loop_watch(stream->loop, &stream->source, fd, EPOLLIN)) {
		snprintf(stream->error, sizeof(stream->error),
			 "connection vanished right after it was made");
		fail(stream);
		return;
	}
	if (passage_is_made(&stream->passage))
		tune(fd);
	if (stream->direct)
		records_attach(&stream->records, fd);
	stream->handler->up(stream);
}

static void on_done(struct multi *multi, CURLcode code)
{
	struct stream *stream = stream_of_multi(multi);

	if (code == CURLE_OK) {
		connected(stream);
		return;
	}
	netpath_explain(multi->easy, code, &stream->fence, stream->error,
			sizeof(stream->error));
	fail(stream);
}

/** on_passage() - The way through the proxy is made, or cannot be */
static void on_passage(struct passage *passage)
{
	struct stream *stream =
		(struct stream *)((char *)passage -
				  offsetof(struct stream, passage));

	if (passage->fd < 0)
		memcpy(stream->error, passage->error, sizeof(stream->error));
	else if (passage_use(passage, stream->multi.easy) &&
		 !multi_start(&stream->multi))
		return;
	fail(stream);
}

/* libcurl's callback: a socket was made (CURLOPT_SOCKOPTFUNCTION). */
static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	if (purpose == CURLSOCKTYPE_IPCXN)
		tune(fd);
	return CURL_SOCKOPT_OK;
}

/** watch() - For what the owner wants, and for what waits */
static int watch(struct stream *stream)
{
	uint32_t events = stream->events;

	if (records_wait(&stream->records))
		events |= EPOLLOUT;
	return loop_watch(stream->loop, &stream->source, stream->source.fd,
			  events);
}

static void source_ready(struct loop_source *source, uint32_t events)
{
	struct stream *stream = stream_of_source(source);

	if ((events & EPOLLOUT) && records_wait(&stream->records)) {
		int err = records_flush(&stream->records);

		/* Of a failure the owner hears by its next read or write. */
		if (err == -EAGAIN)
			events &= ~(uint32_t)EPOLLOUT;
		else if (err || watch(stream))
			events |= EPOLLERR;
	}
	if (events)
		stream->handler->ready(stream, events);
}

/** configure() - All options of the easy handle; Return: were they taken? */
static bool configure(struct stream *stream, const struct stream_target *target,
		      const char *url)
{
	CURL *easy = stream->multi.easy;
	CURLcode bad = CURLE_OK;

#define SET(option, value) (bad |= curl_easy_setopt(easy, option, value))
	SET(CURLOPT_URL, url);
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* Else closing waits for a resolver that gets no answer, and the loop
	 * with it: 5 s of stand-still for all other channels, measured. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_ERRORBUFFER, stream->error);
	SET(CURLOPT_SOCKOPTFUNCTION, on_sockopt);
	SET(CURLOPT_OPENSOCKETFUNCTION, netpath_open_socket);
	SET(CURLOPT_OPENSOCKETDATA, &stream->fence);
#undef SET
	return bad == CURLE_OK && netpath_apply(easy, target->path, true) &&
	       (!stream->direct ||
		records_prepare(&stream->records, easy, target->path->trust));
}

/** begin() - Connect, at once or when there is a way; Return: 0 or negative errno */
static int begin(struct stream *stream, const struct netpath *path,
		 const char *url)
{
	if (netpath_may_wait(path))
		return passage_open(&stream->passage, url, path);
	return multi_start(&stream->multi);
}

int stream_open(struct stream *stream, struct loop *loop,
		const struct stream_handler *handler,
		const struct stream_target *target)
{
	bool bracket = strchr(target->host, ':') != NULL;
	char proxy[256];
	char url[512];

	*stream = (struct stream){.loop = loop, .handler = handler};
	netpath_fence_init(&stream->fence, target->path);
	passage_init(&stream->passage, loop, on_passage);
	stream->direct =
		target->tls &&
		strncmp(netpath_proxy(target->path, proxy, sizeof(proxy)),
			"https:", 6) != 0;
	stream->source = (struct loop_source){.fd = -1, .ready = source_ready};
	if (multi_open(&stream->multi, loop, on_done))
		return -ENOMEM;
	snprintf(url, sizeof(url), "%s://%s%s%s:%u/",
		 target->tls ? "https" : "http", bracket ? "[" : "",
		 target->host, bracket ? "]" : "", target->port);
	if (!configure(stream, target, url) ||
	    begin(stream, target->path, url)) {
		stream_close(stream);
		return -ENOMEM;
	}
	return 0;
}

void stream_close(struct stream *stream)
{
	if (!stream->multi.curlm)
		return;
	loop_unwatch(stream->loop, &stream->source);
	records_detach(&stream->records);
	multi_close(&stream->multi);
	passage_close(&stream->passage);
}

bool stream_is_open(const struct stream *stream)
{
	return stream->multi.easy != NULL;
}

const char *stream_waits_for(const struct stream *stream)
{
	if (stream->passage.job)
		return "the proxy, or the KDC that is asked for a ticket to "
		       "it, "
		       "does not answer: check both";
	return netpath_waits_for(stream->multi.easy);
}

int stream_want(struct stream *stream, uint32_t events)
{
	stream->events = events;
	return watch(stream);
}

bool stream_is_clear(const struct stream *stream)
{
	return !records_wait(&stream->records);
}

static ssize_t stream_errno(struct stream *stream, CURLcode code)
{
	if (code == CURLE_AGAIN)
		return -EAGAIN;
	if (!stream->error[0])
		snprintf(stream->error, sizeof(stream->error), "%s",
			 curl_easy_strerror(code));
	return -EIO;
}

ssize_t stream_read(struct stream *stream, uint8_t *data, size_t size)
{
	size_t got = 0;
	CURLcode code = curl_easy_recv(stream->multi.easy, data, size, &got);

	/* TLS may have answered to what it read. */
	if (records_wait(&stream->records) && watch(stream))
		return -EIO;
	return code == CURLE_OK ? (ssize_t)got : stream_errno(stream, code);
}

/** write_records() - As stream_write(), by records.c */
static ssize_t write_records(struct stream *stream, const uint8_t *data,
			     size_t len)
{
	ssize_t put = records_write(&stream->records, data, len);

	if (records_wait(&stream->records) && watch(stream))
		put = -EIO;
	if (put == -EIO && !stream->error[0])
		snprintf(stream->error, sizeof(stream->error),
			 "the connection broke");
	return put;
}

ssize_t stream_write(struct stream *stream, const uint8_t *data, size_t len)
{
	size_t put = 0;
	CURLcode code;

	if (stream->records.ssl)
		return write_records(stream, data, len);
	code = curl_easy_send(stream->multi.easy, data, len, &put);
	return code == CURLE_OK ? (ssize_t)put : stream_errno(stream, code);
}

const char *stream_error(const struct stream *stream)
{
	return stream->error[0] ? stream->error : "connection lost";
}
