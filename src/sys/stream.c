/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * stream.c - An outgoing byte stream over TCP, with TLS where asked for
 */

/**
 * DOC: Theory of operation
 *
 * A stream is one easy handle with CONNECT_ONLY in a multi handle of its own.
 *
 * Connecting	libcurl says which sockets to watch (on_socket) and when to wake
 *		it (on_timer); drive() tells it what happened.  Names are
 *		resolved in libcurl's own thread, so the loop never blocks.
 * Up		When the transfer is "done" the connection stands.  From then on
 *		libcurl watches nothing; we watch its socket ourselves and move
 *		bytes with curl_easy_recv() and curl_easy_send().
 *
 * The easy handle stays in the multi handle until stream_close(): taking it out
 * would close the connection.
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
	size_t i;

	for (i = 0; i < STREAM_WATCH_CNT_MAX; i++)
		loop_unwatch(stream->loop, &stream->watches[i].source);
	loop_timer_cancel(stream->loop, &stream->timer);

	if (curl_easy_getinfo(stream->easy, CURLINFO_ACTIVESOCKET, &fd) ||
	    fd == CURL_SOCKET_BAD ||
	    loop_watch(stream->loop, &stream->source, fd, EPOLLIN)) {
		snprintf(stream->error, sizeof(stream->error),
			 "connection vanished right after it was made");
		fail(stream);
		return;
	}
	stream->handler->up(stream);
}

/** drive() - Tell libcurl what happened on a socket, and see what came of it */
static void drive(struct stream *stream, curl_socket_t fd, int flags)
{
	CURLMsg *msg;
	int running;
	int left;

	if (curl_multi_socket_action(stream->multi, fd, flags, &running)) {
		snprintf(stream->error, sizeof(stream->error),
			 "connecting failed inside libcurl");
		fail(stream);
		return;
	}
	msg = curl_multi_info_read(stream->multi, &left);
	if (!msg || msg->msg != CURLMSG_DONE)
		return;
	if (msg->data.result == CURLE_OK) {
		connected(stream);
		return;
	}
	if (!stream->error[0])
		snprintf(stream->error, sizeof(stream->error), "%s",
			 curl_easy_strerror(msg->data.result));
	fail(stream);
}

static void watch_ready(struct loop_source *source, uint32_t events)
{
	struct stream_watch *watch =
		(struct stream_watch *)((char *)source -
					offsetof(struct stream_watch, source));
	int flags = 0;

	if (events & EPOLLIN)
		flags |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		flags |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		flags |= CURL_CSELECT_ERR;
	drive(watch->stream, source->fd, flags);
}

static void timer_fired(struct loop_timer *timer)
{
	struct stream *stream =
		(struct stream *)((char *)timer -
				  offsetof(struct stream, timer));

	drive(stream, CURL_SOCKET_TIMEOUT, 0);
}

static struct stream_watch *find_watch(struct stream *stream, int fd)
{
	size_t i;

	for (i = 0; i < STREAM_WATCH_CNT_MAX; i++) {
		if (stream->watches[i].source.fd == fd)
			return &stream->watches[i];
	}
	return NULL;
}

/* libcurl's callback: watch @fd for @what (CURLMOPT_SOCKETFUNCTION). */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		     void *unused)
{
	struct stream *stream = arg;
	struct stream_watch *watch = find_watch(stream, fd);
	uint32_t events = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			loop_unwatch(stream->loop, &watch->source);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	if (!watch)
		watch = find_watch(stream, -1);
	if (!watch || loop_watch(stream->loop, &watch->source, fd, events))
		return -1;
	return 0;
}

/* libcurl's callback: wake me in @timeout_ms (CURLMOPT_TIMERFUNCTION). */
static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct stream *stream = arg;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_cancel(stream->loop, &stream->timer);
	else
		loop_timer_set(stream->loop, &stream->timer,
			       mono_add_ms(clock_mono(), timeout_ms));
	return 0;
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

static void source_ready(struct loop_source *source, uint32_t events)
{
	struct stream *stream = stream_of_source(source);

	stream->handler->ready(stream, events);
}

static CURLcode set_trust(struct stream *stream,
			  const struct stream_target *target)
{
	struct curl_blob blob = {
		.data = (void *)(uintptr_t)target->ca_pem,
		.len = target->ca_len,
		.flags = CURL_BLOB_COPY,
	};

	if (!target->ca_pem)
		return CURLE_OK;
	return curl_easy_setopt(stream->easy, CURLOPT_CAINFO_BLOB, &blob);
}

/** configure() - All options of the easy handle; Return: were they taken? */
static bool configure(struct stream *stream, const struct stream_target *target)
{
	CURL *easy = stream->easy;
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
#undef SET
	bad |= set_trust(stream, target);
	return bad == CURLE_OK;
}

int stream_open(struct stream *stream, struct loop *loop,
		const struct stream_handler *handler,
		const struct stream_target *target)
{
	size_t i;

	*stream = (struct stream){.loop = loop, .handler = handler};
	stream->source = (struct loop_source){.fd = -1, .ready = source_ready};
	stream->timer.fire = timer_fired;
	for (i = 0; i < STREAM_WATCH_CNT_MAX; i++) {
		stream->watches[i].stream = stream;
		stream->watches[i].source =
			(struct loop_source){.fd = -1, .ready = watch_ready};
	}
	stream->multi = curl_multi_init();
	stream->easy = curl_easy_init();
	if (!stream->multi || !stream->easy || !configure(stream, target))
		goto err_close;
	if (curl_multi_setopt(stream->multi, CURLMOPT_SOCKETFUNCTION,
			      on_socket) ||
	    curl_multi_setopt(stream->multi, CURLMOPT_SOCKETDATA, stream) ||
	    curl_multi_setopt(stream->multi, CURLMOPT_TIMERFUNCTION,
			      on_timer) ||
	    curl_multi_setopt(stream->multi, CURLMOPT_TIMERDATA, stream))
		goto err_close;
	/* Sets the timer to "now": connecting begins in the loop. */
	if (curl_multi_add_handle(stream->multi, stream->easy))
		goto err_close;
	return 0;

err_close:
	stream_close(stream);
	return -ENOMEM;
}

void stream_close(struct stream *stream)
{
	size_t i;

	if (!stream->multi && !stream->easy)
		return;
	loop_unwatch(stream->loop, &stream->source);
	if (stream->multi && stream->easy)
		curl_multi_remove_handle(stream->multi, stream->easy);
	if (stream->easy)
		curl_easy_cleanup(stream->easy);
	if (stream->multi)
		curl_multi_cleanup(stream->multi);
	stream->easy = NULL;
	stream->multi = NULL;
	/* After the clean-up, which may still call on_socket and on_timer. */
	for (i = 0; i < STREAM_WATCH_CNT_MAX; i++)
		loop_unwatch(stream->loop, &stream->watches[i].source);
	loop_timer_cancel(stream->loop, &stream->timer);
}

bool stream_is_open(const struct stream *stream)
{
	return stream->easy != NULL;
}

int stream_want(struct stream *stream, uint32_t events)
{
	return loop_watch(stream->loop, &stream->source, stream->source.fd,
			  events);
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
	CURLcode code = curl_easy_recv(stream->easy, data, size, &got);

	return code == CURLE_OK ? (ssize_t)got : stream_errno(stream, code);
}

ssize_t stream_write(struct stream *stream, const uint8_t *data, size_t len)
{
	size_t put = 0;
	CURLcode code = curl_easy_send(stream->easy, data, len, &put);

	return code == CURLE_OK ? (ssize_t)put : stream_errno(stream, code);
}

const char *stream_error(const struct stream *stream)
{
	return stream->error[0] ? stream->error : "connection lost";
}
