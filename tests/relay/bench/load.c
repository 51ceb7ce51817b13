/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * load.c - Clients of a relay, for the bench
 *
 *	load PORT TOKEN idle LISTENERS PAIRS
 *		opens so many, says "ready", and keeps them until its input ends
 *	load PORT TOKEN rate PROCESSES SECONDS
 *		each process lets senders connect and meet its listener, one after
 *		another; says how many were joined, and how many were not
 *
 * The relay listens on loopback; "hyco" needs the token to listen and none to
 * send.
 */

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tls.h"

#define UPGRADE                                                                \
	"Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"     \
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"                      \
	"Sec-WebSocket-Version: 13\r\n"

/** struct bench - The command line, and the listener of this process */
struct bench {
	SSL_CTX *context;
	const char *port;
	const char *token;
	const char *path;
	SSL *listener;
};

/** ask() - Connect and send an upgrade; NULL on failure */
static SSL *ask(const struct bench *bench, const char *target,
		const char *headers)
{
	SSL *ssl = tls_connect(bench->context, bench->port);
	char text[8192];
	int len = snprintf(text, sizeof(text),
			   "GET %s HTTP/1.1\r\n" UPGRADE "%s\r\n", target,
			   headers);

	if (ssl && SSL_write(ssl, text, len) != len) {
		tls_close(ssl);
		ssl = NULL;
	}
	return ssl;
}

/** is_101() - Read the answer */
static int is_101(SSL *ssl)
{
	char text[2048];
	int len = SSL_read(ssl, text, sizeof(text) - 1);

	return len > 12 && !memcmp(text, "HTTP/1.1 101", 12);
}

static SSL *listen_at(const struct bench *bench)
{
	char headers[4096];
	char target[256];
	SSL *ssl;

	snprintf(headers, sizeof(headers), "ServiceBusAuthorization: %s\r\n",
		 bench->token);
	snprintf(target, sizeof(target), "/$hc/%s?sb-hc-action=listen",
		 bench->path);
	ssl = ask(bench, target, headers);
	return ssl && is_101(ssl) ? ssl : NULL;
}

/** read_address() - Target of the next accept message; 0 or -1 */
static int read_address(SSL *listener, char *target, size_t size)
{
	static const char mark[] = "\"address\":\"wss://localhost";
	char text[8192];
	char *from;
	char *end;
	int len = SSL_read(listener, text, sizeof(text) - 1);

	if (len <= 0)
		return -1;
	text[len] = '\0';
	from = memmem(text, (size_t)len, mark, sizeof(mark) - 1);
	/* A Ping comes in a record of its own. */
	if (!from)
		return read_address(listener, target, size);
	from += sizeof(mark) - 1;
	end = strchr(from, '"');
	if (!end || (size_t)(end - from) >= size)
		return -1;
	memcpy(target, from, (size_t)(end - from));
	target[end - from] = '\0';
	return 0;
}

/** meet() - A sender, and the listener's side; 0 or -1 */
static int meet(const struct bench *bench, SSL **sender, SSL **side)
{
	char target[1024];

	snprintf(target, sizeof(target), "/$hc/%s?sb-hc-action=connect",
		 bench->path);
	*sender = ask(bench, target, "");
	if (!*sender || read_address(bench->listener, target, sizeof(target)))
		return -1;
	*side = ask(bench, target, "");
	return *side && is_101(*side) && is_101(*sender) ? 0 : -1;
}

static int idle(struct bench *bench, long listeners, long pairs)
{
	SSL *sender;
	SSL *side;
	long i;

	for (i = 0; i < listeners; i++) {
		if (!listen_at(bench))
			return fprintf(stderr, "listener %ld failed\n", i), 1;
	}
	/* One that nobody else shares, so that it hears of every sender. */
	bench->path = "pairs/0";
	bench->listener = listen_at(bench);
	for (i = 0; i < pairs; i++) {
		if (!bench->listener || meet(bench, &sender, &side))
			return fprintf(stderr, "pair %ld failed\n", i), 1;
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/** work() - One process: joins until @end; writes two counts to @out */
static void work(struct bench *bench, int idx, double end, int out)
{
	long counts[2] = {0, 0};
	char path[32];

	snprintf(path, sizeof(path), "pairs/%d", idx);
	bench->path = path;
	bench->listener = listen_at(bench);
	while (now() < end) {
		SSL *sender = NULL;
		SSL *side = NULL;

		if (!bench->listener || meet(bench, &sender, &side)) {
			counts[1]++;
			break;
		}
		counts[0]++;
		tls_close(sender);
		tls_close(side);
	}
	if (write(out, counts, sizeof(counts)) < 0)
		_exit(1);
	_exit(0);
}

static int rate(struct bench *bench, long processes, long seconds)
{
	double begin = now();
	long total[2] = {0, 0};
	long counts[2];
	int pipes[2];
	long i;

	if (pipe(pipes))
		die("pipe");
	for (i = 0; i < processes; i++) {
		if (fork() == 0)
			work(bench, (int)i, begin + (double)seconds, pipes[1]);
	}
	for (i = 0; i < processes; i++) {
		if (read(pipes[0], counts, sizeof(counts)) != sizeof(counts))
			die("read");
		total[0] += counts[0];
		total[1] += counts[1];
	}
	while (wait(NULL) > 0)
		;
	printf("%ld %ld %.3f\n", total[0], total[1], now() - begin);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = {.path = "hyco"};

	if (argc != 6)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	bench.context = SSL_CTX_new(TLS_client_method());
	bench.port = argv[1];
	bench.token = argv[2];
	if (!strcmp(argv[3], "idle"))
		return idle(&bench, atol(argv[4]), atol(argv[5]));
	return rate(&bench, atol(argv[4]), atol(argv[5]));
}
