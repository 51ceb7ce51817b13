/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cmd_status.c - relaytun status: what a running gateway says of itself
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "policy/parse.h"
#include "sys/cfgfile.h"

/* A carrier answers at once; one that is stopped or stuck does not. */
#define ANSWER_LIMIT_S 5
#define ANSWER_LEN_MAX (16u << 20)

static void usage(FILE *to)
{
	fputs("Usage: relaytun status [-c FILE | -s SOCKET] [--json]\n"
	      "\n"
	      "Shows sites, peers, channels, traffic and drops of a running\n"
	      "gateway; with -s also what a running relay does.\n"
	      "\n"
	      "  -c FILE     gateway.cfg that names the socket\n"
	      "              [" CMD_GATEWAY_CFG "]\n"
	      "  -s SOCKET   the socket itself\n"
	      "      --json  the whole answer, for programs\n"
	      "  -h, --help  this text\n"
	      "\n"
	      "Exit status: 0 all is up, 1 running with problems, 2 wrong "
	      "usage\n"
	      "or configuration, 3 not running.\n",
	      to);
}

/** find_socket() - Path of the socket from gateway.cfg, into @path
 *  Return: true; else the error was printed */
static bool find_socket(const char *conf_path, char *path, size_t size)
{
	const struct gateway_conf *conf = NULL;
	char line[DIAG_TEXT_LEN_MAX + 256];
	struct cfgfile file;
	struct arena arena;
	struct diag diag;

	arena_init(&arena);
	diag_init(&diag);
	if (!cfgfile_load(&file, conf_path, &arena, &diag))
		conf = gateway_conf_parse_source(&file.source, &arena, &diag);
	if (conf)
		snprintf(path, size, "%s", conf->status_socket);
	else if (diag.cnt && diag_text(&diag, 0, line, sizeof(line)))
		fprintf(stderr, "%s\n", line);
	cfgfile_free(&file);
	diag_fini(&diag);
	arena_fini(&arena);
	return conf != NULL;
}

/** ask() - Connect and read to the end; Return: 0 or negative errno */
static int ask(const char *path, struct strbuf *answer)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
	char buf[16384];
	ssize_t got;
	int err = 0;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	/* Also of connect(), when others wait before us. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		err = -errno;
	} else {
		while ((got = read(fd, buf, sizeof(buf))) > 0 &&
		       answer->len < ANSWER_LEN_MAX)
			strbuf_add(answer, buf, (size_t)got);
		if (got < 0)
			err = -errno;
	}
	close(fd);
	return err;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

static int64_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/** format_bytes() - "1.5 GiB" */
static const char *format_bytes(int64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = {"B",   "KiB", "MiB",
					    "GiB", "TiB", "PiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return buf;
}

/** format_age() - "3d 4h", "5m 12s", "7s" */
static const char *format_age(int64_t ms, char *buf, size_t size)
{
	long long s = (long long)(ms / 1000);

	if (s >= 86400)
		snprintf(buf, size, "%lldd %lldh", s / 86400, s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(buf, size, "%lldh %lldm", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(buf, size, "%lldm %llds", s / 60, s % 60);
	else
		snprintf(buf, size, "%llds", s);
	return buf;
}

/** format_rtt() - "0.42 ms", "-" while unknown */
static const char *format_rtt(const json_t *object, char *buf, size_t size)
{
	const json_t *rtt = json_object_get(object, "rtt_us");

	if (json_is_integer(rtt))
		snprintf(buf, size, "%.2f ms",
			 (double)json_integer_value(rtt) / 1000);
	else
		snprintf(buf, size, "-");
	return buf;
}

static void show_sites(const json_t *root)
{
	size_t i;
	json_t *site;

	printf("\n%-20s %-6s %s\n", "SITE", "STATE", "SERVICES");
	json_array_foreach(json_object_get(root, "sites"), i, site)
	{
		printf("%-20s %-6s %" PRId64 "\n", text_of(site, "name"),
		       text_of(site, "state"), number_of(site, "services"));
	}
}

static void show_peers(const json_t *root)
{
	char up[32];
	char down[32];
	char rtt[32];
	size_t i;
	json_t *peer;

	printf("\n%-20s %-6s %-8s %-10s %-24s %s\n", "PEER", "STATE", "POLICY",
	       "RTT", "SENT", "RECEIVED");
	json_array_foreach(json_object_get(root, "peers"), i, peer)
	{
		const json_t *tx = json_object_get(peer, "up");
		const json_t *rx = json_object_get(peer, "down");
		char sent[64];

		snprintf(sent, sizeof(sent), "%" PRId64 " pkt %s",
			 number_of(tx, "packets"),
			 format_bytes(number_of(tx, "bytes"), up, sizeof(up)));
		printf("%-20s %-6s %-8s %-10s %-24s %" PRId64 " pkt %s\n",
		       text_of(peer, "name"), text_of(peer, "state"),
		       text_of(peer, "policy"),
		       format_rtt(peer, rtt, sizeof(rtt)), sent,
		       number_of(rx, "packets"),
		       format_bytes(number_of(rx, "bytes"), down,
				    sizeof(down)));
	}
}

/** error_of() - The last error; of what is @well by now it is told as history */
static const char *error_of(const json_t *object, const char *well, char *text,
			    size_t size)
{
	const char *error = text_of(object, "last_error");

	if (!strcmp(error, "-") || strcmp(text_of(object, "state"), well))
		return error;
	snprintf(text, size, "before: %s", error);
	return text;
}

static void show_channels(const json_t *root)
{
	char error[1024];
	char age[32];
	char rtt[32];
	size_t i;
	json_t *channel;

	printf("\n%-8s %-20s %-11s %-9s %-10s %s\n", "CHANNEL", "PEER", "STATE",
	       "FOR", "RTT", "LAST ERROR");
	json_array_foreach(json_object_get(root, "channels"), i, channel)
	{
		printf("%-8" PRId64 " %-20s %-11s %-9s %-10s %s\n",
		       number_of(channel, "id"), text_of(channel, "peer"),
		       text_of(channel, "state"),
		       format_age(number_of(channel, "since_ms"), age,
				  sizeof(age)),
		       format_rtt(channel, rtt, sizeof(rtt)),
		       error_of(channel, "open", error, sizeof(error)));
	}
}

/** show_workers() - How they share the work, if there are several */
static void show_workers(const json_t *root)
{
	const json_t *list = json_object_get(root, "workers");
	char sent[32];
	char received[32];
	size_t i;
	json_t *worker;

	if (json_array_size(list) < 2)
		return;
	printf("\n%-8s %-9s %-10s %-10s %s\n", "WORKER", "CHANNELS", "SENT",
	       "RECEIVED", "PASSED ON");
	json_array_foreach(list, i, worker)
	{
		printf("%-8" PRId64 " %-9" PRId64 " %-10s %-10s %" PRId64
		       " pkt\n",
		       number_of(worker, "id"), number_of(worker, "channels"),
		       format_bytes(number_of(json_object_get(worker, "up"),
					      "bytes"),
				    sent, sizeof(sent)),
		       format_bytes(number_of(json_object_get(worker, "down"),
					      "bytes"),
				    received, sizeof(received)),
		       number_of(worker, "passed_on"));
	}
}

static void show_listeners(const json_t *root)
{
	const json_t *list = json_object_get(root, "listeners");
	char error[1024];
	char age[32];
	size_t i;
	json_t *listener;

	if (!json_array_size(list))
		return;
	printf("\n%-40s %-11s %-9s %s\n", "LISTENS AT", "STATE", "FOR",
	       "LAST ERROR");
	json_array_foreach(list, i, listener)
	{
		printf("%-40s %-11s %-9s %s\n", text_of(listener, "relay"),
		       text_of(listener, "state"),
		       format_age(number_of(listener, "since_ms"), age,
				  sizeof(age)),
		       error_of(listener, "registered", error, sizeof(error)));
	}
}

static void show_drops(const json_t *root)
{
	json_t *drops = json_object_get(root, "drops");
	bool any = false;
	const char *reason;
	json_t *cnt;

	json_object_foreach(drops, reason, cnt)
	{
		if (!json_integer_value(cnt))
			continue;
		if (!any)
			printf("\n%-20s %s\n", "DROPPED", "PACKETS");
		any = true;
		printf("%-20s %" PRId64 "\n", reason,
		       (int64_t)json_integer_value(cnt));
	}
}

static void show_warnings(const json_t *root)
{
	size_t i;
	json_t *warning;

	json_array_foreach(json_object_get(root, "warnings"), i, warning)
	{
		printf("\nWARNING  %s\n", json_string_value(warning));
	}
}

/** show_ended() - Carriers before the one that answers, if any ended unasked */
static void show_ended(const json_t *carriers)
{
	if (number_of(carriers, "ended") > 0)
		printf("carriers that ended unasked: %" PRId64
		       ", of which %" PRId64 " hung; the last: %s\n",
		       number_of(carriers, "ended"),
		       number_of(carriers, "hung"),
		       text_of(carriers, "last_end"));
}

/** show_deaf() - What a listener does not come for */
static void show_deaf(json_t *deaf)
{
	const char *what;
	json_t *missed;

	json_object_foreach(deaf, what, missed)
	{
		printf(", did not come for %" JSON_INTEGER_FORMAT
		       " %s in a row",
		       json_integer_value(missed), what);
	}
}

/** show_hub() - A hybrid connection of a relay, and its listeners */
static void show_hub(const json_t *hub)
{
	json_t *listeners = json_object_get(hub, "listeners");
	char passed[32];
	char age[32];
	size_t i;
	json_t *one;

	printf("%-24s %-9zu %-8" PRId64 " %-8" PRId64 " %-10" PRId64
	       " %-8" PRId64 " %s\n",
	       text_of(hub, "path"), json_array_size(listeners),
	       number_of(hub, "joined"), number_of(hub, "rejected"),
	       number_of(hub, "unanswered"), number_of(hub, "requests"),
	       format_bytes(number_of(hub, "passed_bytes"), passed,
			    sizeof(passed)));
	json_array_foreach(listeners, i, one)
	{
		printf("  %s, for %s%s", text_of(one, "remote"),
		       format_age(number_of(one, "since_ms"), age, sizeof(age)),
		       json_is_true(json_object_get(one, "stuck"))
			       ? ", takes nothing"
			       : "");
		show_deaf(json_object_get(one, "deaf"));
		printf("\n");
	}
}

/** show_changes() - Settings that a relay has read and cannot put in force */
static void show_changes(const json_t *names)
{
	size_t i;
	json_t *name;

	if (!json_array_size(names))
		return;
	printf("changed in relay.cfg, in force after a restart: ");
	json_array_foreach(names, i, name)
	{
		printf("%s%s", i ? ", " : "", json_string_value(name));
	}
	printf("\n");
}

/** show_few_files() - A limit that nobody has written down */
static void show_few_files(const json_t *root)
{
	const json_t *limits = json_object_get(root, "limits");
	const json_t *counts = json_object_get(root, "counts");
	int64_t wanted = number_of(limits, "wanted_connections");

	if (wanted > number_of(limits, "connections"))
		printf("relay.cfg has %" PRId64
		       " connections: open files do not allow so many, raise "
		       "ulimit -n and restart\n",
		       wanted);
	if (number_of(counts, "not_accepted") > 0)
		printf("connections had to wait for files or memory %" PRId64
		       " times\n",
		       number_of(counts, "not_accepted"));
}

/** show_relay() - What a relay says */
static void show_relay(const json_t *root)
{
	const json_t *sessions = json_object_get(root, "sessions");
	const json_t *counts = json_object_get(root, "counts");
	const json_t *limits = json_object_get(root, "limits");
	char held[32];
	char limit[32];
	char age[32];
	size_t i;
	json_t *hub;

	printf("relay at %s: %s, %s, running for %s\n", text_of(root, "relay"),
	       text_of(root, "state"), text_of(root, "software"),
	       format_age(number_of(root, "uptime_ms"), age, sizeof(age)));
	show_changes(json_object_get(root, "restart_needed"));
	printf("%" PRId64 " connections of %" PRId64 ": %" PRId64
	       " listeners, %" PRId64 " joined, %" PRId64 " waiting, %" PRId64
	       " HTTP; %s kept of %s\n",
	       number_of(root, "connections"), number_of(limits, "connections"),
	       number_of(sessions, "listeners"), number_of(sessions, "joined"),
	       number_of(sessions, "waiting"), number_of(sessions, "http"),
	       format_bytes(number_of(root, "held_bytes"), held, sizeof(held)),
	       format_bytes(number_of(limits, "held_bytes"), limit,
			    sizeof(limit)));
	show_few_files(root);
	printf("since the start: %" PRId64 " connections, not accepted %" PRId64
	       " (all places taken) and %" PRId64
	       " (too fast); refused %" PRId64 " (4xx) and %" PRId64
	       " (5xx); no room %" PRId64 " times\n",
	       number_of(counts, "connections"),
	       number_of(counts, "over_connections"),
	       number_of(counts, "over_rate"), number_of(counts, "refused_4xx"),
	       number_of(counts, "refused_5xx"),
	       number_of(counts, "over_held"));
	printf("\n%-24s %-9s %-8s %-8s %-10s %-8s %s\n", "CONNECTION",
	       "LISTENERS", "JOINED", "REJECTED", "UNANSWERED", "REQUESTS",
	       "PASSED");
	json_array_foreach(json_object_get(root, "hubs"), i, hub)
	{
		show_hub(hub);
	}
}

static void show(const json_t *root)
{
	char age[32];

	if (json_object_get(root, "relay")) {
		show_relay(root);
		return;
	}

	printf("gateway %s (%s): %s, %s, running for %s\n",
	       text_of(root, "gateway"), text_of(root, "role"),
	       text_of(root, "state"), text_of(root, "software"),
	       format_age(number_of(root, "uptime_ms"), age, sizeof(age)));
	show_ended(json_object_get(root, "carriers"));
	show_warnings(root);
	show_sites(root);
	show_peers(root);
	show_channels(root);
	show_workers(root);
	show_listeners(root);
	show_drops(root);
}

/** report() - Print the answer; Return: exit status */
static int report(const char *path, const struct strbuf *answer, bool json)
{
	json_t *root = json_loads(strbuf_str(answer), 0, NULL);
	int status;

	if (!root) {
		fprintf(stderr,
			"relaytun: the answer at %s is no status: is this the "
			"socket of a gateway or relay?\n",
			path);
		return EXIT_FAILED;
	}
	if (json)
		printf("%s\n", strbuf_str(answer));
	else
		show(root);
	status = strcmp(text_of(root, "state"), "up") ? EXIT_FAILED : EXIT_DONE;
	json_decref(root);
	return status;
}

/** fetch() - Ask and print; Return: exit status */
static int fetch(const char *path, bool json)
{
	struct strbuf answer;
	int status;
	int err;

	strbuf_init(&answer);
	err = ask(path, &answer);
	if (err == -ENOENT || err == -ECONNREFUSED) {
		fprintf(stderr, "relaytun: no gateway is running at %s\n",
			path);
		status = EXIT_NOT_RUNNING;
	} else if (err) {
		fprintf(stderr, "relaytun: no answer at %s: %s\n", path,
			err == -EAGAIN ? "its carrier is stuck or restarting"
				       : strerror(-err));
		status = EXIT_FAILED;
	} else {
		status = report(path, &answer, json);
	}
	strbuf_fini(&answer);
	return status;
}

int cmd_status(int argc, char **argv)
{
	enum { OPT_JSON = 1000 };
	static const struct option options[] = {
		{"json", no_argument, NULL, OPT_JSON},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *conf_path = CMD_GATEWAY_CFG;
	char path[4096] = "";
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			conf_path = optarg;
			break;
		case 's':
			snprintf(path, sizeof(path), "%s", optarg);
			break;
		case OPT_JSON:
			json = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_DONE;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!path[0] && !find_socket(conf_path, path, sizeof(path)))
		return EXIT_USAGE;
	return fetch(path, json);
}
