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
 * What records.c has taken and the kernel has not is watched for here: the owner
 * hears of it as if it had asked for EPOLLOUT itself.
 */

#include "sys/stream.h"

#include <errno.h>
#include <netdb.h>
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
	if (code == CURLE_COULDNT_CONNECT && stream->swallowed[0])
		snprintf(stream->error, sizeof(stream->error),
			 "the way to %s leads into the tunnel itself: take it "
			 "out of the sites' networks, or add a route to it "
			 "that leads past the tunnel",
			 stream->swallowed);
	else
		netpath_explain(multi->easy, code, stream->error,
				sizeof(stream->error));
	fail(stream);
}

/**
 * on_opensocket() - libcurl's callback: make a socket to an address
 *
 * Not to one that is behind the tunnel: a connection that carries the tunnel
 * cannot go through it.
 */
static curl_socket_t on_opensocket(void *arg, curlsocktype purpose,
				   struct curl_sockaddr *addr)
{
	struct stream *stream = arg;

	if (purpose == CURLSOCKTYPE_IPCXN &&
	    netpath_sends_from(stream->tunnel_addrs, stream->tunnel_addr_cnt,
			       &addr->addr, (socklen_t)addr->addrlen)) {
		if (getnameinfo(&addr->addr, (socklen_t)addr->addrlen,
				stream->swallowed, sizeof(stream->swallowed),
				NULL, 0, NI_NUMERICHOST))
			strcpy(stream->swallowed, "its address");
		return CURL_SOCKET_BAD;
	}
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
		      addr->protocol);
}

/* libcurl's callback: a socket was made (CURLOPT_SOCKOPTFUNCTION). */
static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	int lowat = NOTSENT_LOWAT_BYTES;
	unsigned int timeout_ms = USER_TIMEOUT_MS;

	(void)arg;
	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKOPT_OK;
	/* Both make a good connection better; without them it still works. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
			 sizeof(lowat));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
			 sizeof(timeout_ms));
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
static bool configure(struct stream *stream, const struct stream_target *target)
{
	CURL *easy = stream->multi.easy;
	char url[512];
	bool bracket = strchr(target->host, ':') != NULL;
	CURLcode bad = CURLE_OK;

	snprintf(url, sizeof(url), "%s://%s%s%s:%u/",
		 target->tls ? "https" : "http", bracket ? "[" : "",
		 target->host, bracket ? "]" : "", target->port);
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
	SET(CURLOPT_OPENSOCKETFUNCTION, on_opensocket);
	SET(CURLOPT_OPENSOCKETDATA, stream);
#undef SET
	return bad == CURLE_OK &&
	       (!stream->direct || records_prepare(&stream->records, easy)) &&
	       netpath_apply(easy, target->path, true);
}

int stream_open(struct stream *stream, struct loop *loop,
		const struct stream_handler *handler,
		const struct stream_target *target)
{
	char proxy[256];

	*stream = (struct stream){.loop = loop, .handler = handler};
	memcpy(stream->tunnel_addrs, target->path->tunnel_addrs,
	       sizeof(stream->tunnel_addrs));
	stream->tunnel_addr_cnt = target->path->tunnel_addr_cnt;
	stream->direct =
		target->tls &&
		strncmp(netpath_proxy(target->path, proxy, sizeof(proxy)),
			"https:", 6) != 0;
	stream->source = (struct loop_source){.fd = -1, .ready = source_ready};
	if (multi_open(&stream->multi, loop, on_done))
		return -ENOMEM;
	if (!configure(stream, target) || multi_start(&stream->multi)) {
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
}

bool stream_is_open(const struct stream *stream)
{
	return stream->multi.easy != NULL;
}

const char *stream_waits_for(const struct stream *stream)
{
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
