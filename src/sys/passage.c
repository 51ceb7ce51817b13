/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * passage.c - A connection through a proxy, made beside the loop
 */

/**
 * DOC: Theory of operation
 *
 * A thread has libcurl connect to the proxy, log in there and ask for the way; it
 * leaves the socket in the job and writes to the job's eventfd, which the loop
 * watches.  Job and handle belong to both sides, and are freed by whoever is last: a
 * loop that has closed the passage does not wait for a thread that waits for a KDC.
 * There are no more such threads than connections were begun while it does.
 *
 * The loop's own handle then gets the socket as if it had connected it
 * (passage_use), and does what is to be done inside, TLS first of all.
 */

#include "sys/passage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/thread.h"

#define CONNECT_TIMEOUT_MS 10000L

/**
 * struct passage_job - What a thread works at
 * @user_cnt:	Who has it: the loop's side and the thread
 * @given_up:	The loop's side has not any more
 * @made_fd:	Tells the loop
 * @easy:	The thread's, while it runs
 * @fence:	Keeps it out of the tunnel
 * @fd, @error:	As in struct passage; the thread's until it has told
 */
struct passage_job {
	atomic_uint user_cnt;
	atomic_bool given_up;
	int made_fd;
	CURL *easy;
	struct netpath_fence fence;
	int fd;
	char error[NETPATH_ERROR_SIZE];
};

static void leave(struct passage_job *job)
{
	if (atomic_fetch_sub(&job->user_cnt, 1) > 1)
		return;
	if (job->fd >= 0)
		close(job->fd);
	if (job->easy)
		curl_easy_cleanup(job->easy);
	if (job->made_fd >= 0)
		close(job->made_fd);
	free(job);
}

/* libcurl's callback: go on? (CURLOPT_XFERINFOFUNCTION) */
static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
		       curl_off_t d)
{
	struct passage_job *job = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&job->given_up);
}

/** keep() - The socket outlives libcurl's handle; Return: it, or -1 */
static int keep(CURL *easy)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) ||
	    fd == CURL_SOCKET_BAD)
		return -1;
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* The thread. */
static void *run(void *arg)
{
	struct passage_job *job = arg;
	const uint64_t one = 1;
	CURLcode code = curl_easy_perform(job->easy);

	if (code == CURLE_OK) {
		job->fd = keep(job->easy);
		if (job->fd < 0)
			snprintf(job->error, sizeof(job->error),
				 "connection vanished right after it was made");
	} else {
		netpath_explain(job->easy, code, &job->fence, job->error,
				sizeof(job->error));
	}
	curl_easy_cleanup(job->easy);
	job->easy = NULL;
	(void)!write(job->made_fd, &one, sizeof(one));
	leave(job);
	return NULL;
}

/** plain_url() - The same host and port without TLS, which is not the thread's to
 *  make; Return: libcurl's result */
static CURLcode set_plain_url(CURL *easy, const char *url)
{
	CURLU *parts = curl_url();
	CURLcode bad = CURLE_OUT_OF_MEMORY;
	char *port = NULL;
	char *plain = NULL;

	if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
	    !curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
	    !curl_url_set(parts, CURLUPART_PORT, port, 0) &&
	    !curl_url_set(parts, CURLUPART_SCHEME, "http", 0) &&
	    !curl_url_get(parts, CURLUPART_URL, &plain, 0))
		bad = curl_easy_setopt(easy, CURLOPT_URL, plain);
	curl_free(port);
	curl_free(plain);
	curl_url_cleanup(parts);
	return bad;
}

/** configure() - All options; Return: were they taken? */
static bool configure(struct passage_job *job, const char *url,
		      const struct netpath *path)
{
	CURL *easy = job->easy;
	CURLcode bad = set_plain_url(easy, url);

#define SET(option, value) (bad |= curl_easy_setopt(easy, option, value))
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http");
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_ERRORBUFFER, job->error);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, job);
	SET(CURLOPT_OPENSOCKETFUNCTION, netpath_open_socket);
	SET(CURLOPT_OPENSOCKETDATA, &job->fence);
#undef SET
	return bad == CURLE_OK && netpath_apply(easy, path, false) &&
	       netpath_apply_proxy(easy, path);
}

/** job_new() - Return: a job that nobody works at, or NULL */
static struct passage_job *job_new(const char *url, const struct netpath *path)
{
	struct passage_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	atomic_init(&job->user_cnt, 1);
	atomic_init(&job->given_up, false);
	job->fd = -1;
	job->made_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	job->easy = curl_easy_init();
	netpath_fence_init(&job->fence, path);
	if (job->made_fd >= 0 && job->easy && configure(job, url, path))
		return job;
	leave(job);
	return NULL;
}

/** give_up() - The loop's side has nothing to do with the job any more */
static void give_up(struct passage *passage)
{
	struct passage_job *job = passage->job;

	loop_unwatch(passage->loop, &passage->source);
	passage->job = NULL;
	atomic_store(&job->given_up, true);
	leave(job);
}

static void on_made(struct loop_source *source, uint32_t events)
{
	struct passage *passage =
		(struct passage *)((char *)source -
				   offsetof(struct passage, source));
	struct passage_job *job = passage->job;
	uint64_t one;

	(void)events;
	if (read(job->made_fd, &one, sizeof(one)) != sizeof(one))
		return;
	passage->fd = job->fd;
	job->fd = -1;
	memcpy(passage->error, job->error, sizeof(passage->error));
	give_up(passage);
	passage->done(passage);
}

void passage_init(struct passage *passage, struct loop *loop,
		  passage_done_fn *done)
{
	*passage = (struct passage){
		.loop = loop,
		.source = {.fd = -1, .ready = on_made},
		.done = done,
		.fd = -1,
	};
}

int passage_open(struct passage *passage, const char *url,
		 const struct netpath *path)
{
	struct passage_job *job = job_new(url, path);
	pthread_t thread;
	int err;

	if (!job)
		return -ENOMEM;
	passage->job = job;
	err = loop_watch(passage->loop, &passage->source, job->made_fd,
			 EPOLLIN);
	if (err) {
		give_up(passage);
		return err;
	}
	atomic_store(&job->user_cnt, 2);
	err = thread_start(&thread, run, job);
	if (err) {
		leave(job);
		give_up(passage);
		return err;
	}
	pthread_detach(thread);
	return 0;
}

bool passage_is_made(const struct passage *passage)
{
	return passage->to != NULL;
}

/* libcurl's callback: the socket is there (CURLOPT_OPENSOCKETFUNCTION). */
static curl_socket_t on_opensocket(void *arg, curlsocktype purpose,
				   struct curl_sockaddr *addr)
{
	struct passage *passage = arg;
	curl_socket_t fd = passage->fd;

	(void)purpose;
	(void)addr;
	passage->fd = -1;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* libcurl's callback: and connected (CURLOPT_SOCKOPTFUNCTION). */
static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

bool passage_use(struct passage *passage, CURL *easy)
{
	CURLcode bad = CURLE_OK;

	passage->to = curl_slist_append(NULL, "::127.0.0.1:");
	if (!passage->to)
		return false;
	bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(easy, CURLOPT_CONNECT_TO, passage->to);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
				on_opensocket);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, passage);
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
	return bad == CURLE_OK;
}

void passage_close(struct passage *passage)
{
	if (!passage->loop)
		return;
	if (passage->job)
		give_up(passage);
	if (passage->fd >= 0)
		close(passage->fd);
	passage->fd = -1;
	curl_slist_free_all(passage->to);
	passage->to = NULL;
}
