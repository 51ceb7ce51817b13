/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - relaytun-steward: `relaytun gateway`, `reload` and what goes with them
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "policy/parse.h"
#include "steward/apply.h"
#include "steward/feed.h"
#include "steward/files.h"
#include "steward/kept.h"
#include "steward/lock.h"
#include "steward/orders.h"
#include "steward/owner.h"
#include "steward/preview.h"
#include "steward/privilege.h"
#include "steward/spawner.h"
#include "steward/statefile.h"
#include "steward/supervise.h"
#include "sys/log.h"
#include "sys/output.h"

/**
 * DOC: Theory of operation
 *
 * `gateway` goes from what can fail without a trace to what changes the
 * machine: read and check both files, user, privileges and device; take the
 * lock; fork the spawner; read the key; give up all capabilities but
 * CAP_NET_ADMIN; then the kernel's state, then the carrier.  What follows the
 * spawner holds secrets, what precedes it does not.
 *
 * `down` needs gateway.cfg only: a policy that is broken or gone must not keep
 * anybody from removing a gateway.
 *
 * Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 (plan only)
 * something would change.
 */

#define DEFAULT_CFG       RELAYTUN_SYSCONF "/relaytun/gateway.cfg"
#define CARRIER_PROGRAM   "relaytun-carrier"
#define DOWN_WAIT_MS      5000
#define EXIT_WRONG_USAGE  2
#define EXIT_WOULD_CHANGE 3

static const char usage[] =
	"Usage: relaytun gateway [-c FILE]   run this machine's gateway\n"
	"       relaytun reload [-c FILE] [--confirm TIME]\n"
	"                                    let it read its files again\n"
	"       relaytun confirm [-c FILE]   the last reload is meant\n"
	"       relaytun plan [-c FILE] [POLICY.cfg]\n"
	"                                    show what a reload would change, "
	"and\n"
	"                                    which flows it would end\n"
	"       relaytun down [-c FILE]      stop it and remove all traces\n"
	"\n"
	"  -c FILE         configuration [" DEFAULT_CFG "]\n"
	"  --confirm TIME  undo the reload after that time (90s, 5m, 1h), "
	"unless\n"
	"                  relaytun confirm comes\n"
	"  -h, --help      this text\n"
	"\n"
	"SIGTERM stops a gateway and leaves device, routes and rules "
	"standing,\n"
	"so that flows survive a restart; SIGINT removes everything; SIGHUP\n"
	"reads all files again and goes on with what they say.  reload waits "
	"for\n"
	"the outcome and says what has changed; after errors all goes on as "
	"before.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage or configuration; of "
	"plan\n"
	"0 nothing would change, 3 something would.\n";

/**
 * struct steward - One run
 * @arena:	Holds what was parsed
 * @diag:	What is wrong, for the operator
 * @conf_path:	gateway.cfg
 * @policy_path: Another one than gateway.cfg names, or NULL
 * @confirm_s:	A reload is undone after so many seconds, 0: it is meant
 * @carrier:	Full path of the carrier's program
 */
struct steward {
	struct arena arena;
	struct diag diag;
	const char *conf_path;
	const char *policy_path;
	const struct gateway_conf *conf;
	const struct policy *policy;
	const struct policy_gateway *gateway;
	struct state state;
	unsigned int confirm_s;
	uid_t uid;
	gid_t gid;
	char carrier[4096];
};

/** print_diag() - Configuration errors: plain "file:line: text" */
static void print_diag(struct diag *diag)
{
	char line[DIAG_TEXT_LEN_MAX + 4096];
	size_t i;

	for (i = 0; i < diag->cnt; i++) {
		diag_text(diag, i, line, sizeof(line));
		fprintf(stderr, "%s\n", line);
	}
	if (diag->error_cnt + diag->warning_cnt > diag->cnt)
		fprintf(stderr, "and %zu more\n",
			diag->error_cnt + diag->warning_cnt - diag->cnt);
	diag_fini(diag);
	diag_init(diag);
}

/** log_failure() - Errors of the machine: log lines */
static void log_failure(struct diag *diag)
{
	char line[DIAG_TEXT_LEN_MAX + 4096];
	size_t i;

	for (i = 0; i < diag->cnt; i++) {
		diag_text(diag, i, line, sizeof(line));
		if (diag_is_warning(diag, i))
			log_warn("%s", line);
		else
			log_err("%s", line);
	}
	diag_fini(diag);
	diag_init(diag);
}

/** read_conf() - gateway.cfg; Return: whether it is valid */
static bool read_conf(struct steward *steward)
{
	steward->conf =
		files_conf(steward->conf_path, &steward->arena, &steward->diag);
	return steward->conf;
}

/** read_policy() - The policy, and which gateway of it we are */
static bool read_policy(struct steward *steward)
{
	const char *path = steward->policy_path ? steward->policy_path
						: steward->conf->policy_path;

	steward->policy = files_policy(path, &steward->arena, &steward->diag);
	if (!steward->policy)
		return false;
	steward->gateway =
		gateway_conf_check(steward->policy, steward->conf,
				   steward->conf_path, &steward->diag);
	return steward->gateway;
}

/** find_user() - The carrier's user */
static bool find_user(struct steward *steward)
{
	const char *name = steward->conf->user;
	const struct passwd *entry = getpwnam(name);

	if (!entry) {
		diag_error(&steward->diag, steward->conf_path, 0,
			   "user \"%s\" does not exist: create it with "
			   "\"useradd --system %s\", or set user = \"...\"; to "
			   "an account that runs nothing else",
			   name, name);
		return false;
	}
	if (entry->pw_uid == 0) {
		diag_error(&steward->diag, steward->conf_path, 0,
			   "user \"%s\" is root: the carrier faces the network "
			   "and must run as a user without rights",
			   name);
		return false;
	}
	steward->uid = entry->pw_uid;
	steward->gid = entry->pw_gid;
	return true;
}

/** find_carrier() - Beside this program */
static bool find_carrier(struct steward *steward)
{
	char *path = steward->carrier;
	ssize_t len =
		readlink("/proc/self/exe", path, sizeof(steward->carrier) - 1);
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		if (slash &&
		    (size_t)(slash - path) + sizeof(CARRIER_PROGRAM) + 1 <
			    sizeof(steward->carrier)) {
			memcpy(slash + 1, CARRIER_PROGRAM,
			       sizeof(CARRIER_PROGRAM));
			return true;
		}
	}
	diag_error(&steward->diag, NULL, 0,
		   "cannot tell where this program lies (is /proc mounted?)");
	return false;
}

/** check_machine() - Privileges and device; nothing is changed */
static bool check_machine(struct steward *steward)
{
	static const cap_value_t caps[] = {CAP_NET_ADMIN, CAP_SETUID,
					   CAP_SETGID, CAP_KILL};

	return privilege_check(caps, sizeof(caps) / sizeof(*caps),
			       &steward->diag) == 0 &&
	       link_tun_available(&steward->diag) == 0 && find_carrier(steward);
}

/** plan_found() - What an earlier run left standing; NULL when that is not known,
 *  or when it was another role */
static const struct plan *plan_found(struct steward *steward)
{
	const struct plan *found = kept_plan(steward->conf, KEPT_POLICY,
					     &steward->state, &steward->arena);

	return found && found->gateway->role == steward->gateway->role ? found
								       : NULL;
}

/** serve() - Kernel state, then the loop; Return: exit status */
static int serve(struct steward *steward, struct feed *feed,
		 const struct spawner *spawner, int lock)
{
	const struct plan *found;
	const struct plan *plan;
	struct reload reload;
	struct host host;
	int end;

	if (statefile_read(steward->conf, &steward->state, &steward->diag)) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	plan = plan_make(steward->policy, steward->gateway, steward->conf,
			 steward->state.ids, steward->state.id_cnt,
			 &steward->arena);
	found = plan_found(steward);
	if (apply_start(&host, plan, found, &steward->state, &steward->diag)) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	log_info("event=started role=%s services=%zu routes=%zu",
		 gateway_role_name(steward->gateway->role), plan->service_cnt,
		 plan->grant_cnt);
	reload_init(&reload, steward->conf_path, found, &host, feed);
	end = supervise_run(&host, feed, spawner, lock, &reload);
	apply_release(&host);
	reload_fini(&reload);
	if (end == SUPERVISE_REMOVE &&
	    apply_remove(steward->conf, &steward->diag)) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	if (end < 0)
		return EXIT_FAILURE;
	log_info("event=ended");
	return EXIT_SUCCESS;
}

/** drop() - All capabilities but the one that kernel state needs */
static bool drop(struct steward *steward)
{
	static const cap_value_t caps[] = {CAP_NET_ADMIN};
	int err = privilege_keep(caps, 1);

	if (err)
		diag_error(&steward->diag, NULL, 0,
			   "capabilities cannot be given up: %s",
			   strerror(-err));
	return !err;
}

/** remove_socket() - And the folder of gateways' files, with the last of them; one
 *  that gateway.cfg names is its owner's.  Return: 0, or -1 with errno */
static int remove_socket(const struct steward *steward)
{
	int bad = unlink(steward->conf->status_socket);
	int err = errno;

	(void)rmdir(GATEWAY_RUN_DIR);
	errno = err;
	return bad;
}

/** run_spawned() - With the spawner there: key, drop, serve */
static int run_spawned(struct steward *steward, const struct spawner *spawner,
		       int lock)
{
	int status = EXIT_FAILURE;
	struct feed feed;
	int err;

	feed_init(&feed);
	err = feed_open(&feed, steward->policy, steward->conf, steward->gid,
			&steward->diag);
	if (err == -EBADMSG) {
		print_diag(&steward->diag);
		status = EXIT_WRONG_USAGE;
	} else if (err || !drop(steward)) {
		log_failure(&steward->diag);
	} else {
		status = serve(steward, &feed, spawner, lock);
	}
	if (feed.status >= 0)
		(void)remove_socket(steward);
	feed_close(&feed);
	return status;
}

/** run_locked() - The only steward of this gateway: from here to the end */
static int run_locked(struct steward *steward, int lock)
{
	struct spawner spawner;
	int status;
	int err;

	supervise_block_signals();
	err = privilege_seal();
	if (err) {
		log_err("event=failed error=\"hardening: %s\"", strerror(-err));
		return EXIT_FAILURE;
	}
	if (spawner_open(&spawner, steward->carrier, steward->uid, steward->gid,
			 &steward->diag)) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	status = run_spawned(steward, &spawner, lock);
	spawner_close(&spawner);
	return status;
}

/** run_gateway() - The verb `gateway` */
static int run_gateway(struct steward *steward)
{
	char name[NAME_LEN_MAX + 32];
	int status;
	int lock;

	if (!read_conf(steward) || !read_policy(steward) ||
	    !find_user(steward)) {
		print_diag(&steward->diag);
		return EXIT_WRONG_USAGE;
	}
	print_diag(&steward->diag); /* warnings */
	snprintf(name, sizeof(name), "relaytun-steward[%s]",
		 steward->conf->name);
	log_open(name, LOG_LEVEL_INFO);
	if (!check_machine(steward)) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	lock = lock_take(steward->conf->name, &steward->diag);
	if (lock < 0) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	status = run_locked(steward, lock);
	close(lock);
	return status;
}

/**
 * stop_running() - Have a running steward remove everything and end
 *
 * Return: whether none runs any more
 */
static bool stop_running(struct steward *steward)
{
	int pidfd = lock_owner(steward->conf->name, &steward->diag);
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	bool ended;

	if (pidfd < 0)
		return pidfd == -ENOENT;
	ended = (pidfd_send_signal(pidfd, SIGINT, NULL, 0) == 0 &&
		 poll(&gone, 1, DOWN_WAIT_MS) == 1) ||
		errno == ESRCH;
	close(pidfd);
	if (!ended)
		diag_error(&steward->diag, NULL, 0,
			   "gateway %s was told to stop and still runs after "
			   "%d seconds; look at its log, then try again",
			   steward->conf->name, DOWN_WAIT_MS / 1000);
	return ended;
}

/** remove_locked() - Nobody else is at it: remove what stands */
static int remove_locked(struct steward *steward)
{
	const char *socket = steward->conf->status_socket;
	int err = 0;

	if (feed_status_lives(socket)) {
		/* The lock is one of this network namespace only. */
		diag_error(&steward->diag, socket, 0,
			   "a gateway answers there, but runs in another "
			   "network namespace; go there to remove it");
		err = -EBUSY;
	}
	if (!err)
		err = apply_remove(steward->conf, &steward->diag);
	if (err) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	if (remove_socket(steward) == 0 || errno == ENOENT)
		print_diag(&steward->diag); /* warnings */
	if (owner_of(steward->conf->name, &steward->diag) == OWNER_OTHER)
		printf("table inet relaytun_%s is left: this gateway did not "
		       "make it\n",
		       steward->conf->name);
	printf("gateway %s is removed\n", steward->conf->name);
	return EXIT_SUCCESS;
}

/** run_down() - The verb `down` */
static int run_down(struct steward *steward)
{
	static const cap_value_t caps[] = {CAP_NET_ADMIN};
	int status;
	int lock;

	if (!read_conf(steward)) {
		print_diag(&steward->diag);
		return EXIT_WRONG_USAGE;
	}
	if (privilege_check(caps, 1, &steward->diag) ||
	    !stop_running(steward)) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	lock = lock_take(steward->conf->name, &steward->diag);
	if (lock < 0) {
		log_failure(&steward->diag);
		return EXIT_FAILURE;
	}
	status = remove_locked(steward);
	close(lock);
	return status;
}

/** ask() - Give an order to the gateway that runs
 *
 *  Return: exit status, or -ENOENT: it does not run here */
static int ask(struct steward *steward, const char *order)
{
	struct strbuf answer;
	int status;

	strbuf_init(&answer);
	status =
		orders_ask(steward->conf->name, order, &answer, &steward->diag);
	if (status >= 0) {
		fputs(strbuf_str(&answer), status ? stderr : stdout);
	} else if (status != -ENOENT) {
		log_failure(&steward->diag);
		status = EXIT_FAILURE;
	}
	strbuf_fini(&answer);
	return status;
}

/** not_running() - Return: exit status */
static int not_running(struct steward *steward)
{
	diag_error(&steward->diag, NULL, 0, "gateway %s is not running here",
		   steward->conf->name);
	log_failure(&steward->diag);
	return EXIT_FAILURE;
}

/** run_reload() - The verb `reload`: the gateway that runs judges its files */
static int run_reload(struct steward *steward)
{
	char order[32] = "reload";
	int status;

	if (!read_conf(steward)) {
		print_diag(&steward->diag);
		return EXIT_WRONG_USAGE;
	}
	if (steward->confirm_s)
		snprintf(order, sizeof(order), "reload %u", steward->confirm_s);
	status = ask(steward, order);
	if (status != -ENOENT)
		return status;
	if (!read_policy(steward)) {
		print_diag(&steward->diag);
		return EXIT_WRONG_USAGE;
	}
	return not_running(steward);
}

/** run_confirm() - The verb `confirm` */
static int run_confirm(struct steward *steward)
{
	int status;

	if (!read_conf(steward)) {
		print_diag(&steward->diag);
		return EXIT_WRONG_USAGE;
	}
	status = ask(steward, "confirm");
	return status == -ENOENT ? not_running(steward) : status;
}

/** run_plan() - The verb `plan` */
static int run_plan(struct steward *steward)
{
	struct strbuf out;
	int ret;

	if (!read_conf(steward) || !read_policy(steward)) {
		print_diag(&steward->diag);
		return EXIT_WRONG_USAGE;
	}
	strbuf_init(&out);
	ret = preview(steward->policy, steward->conf, steward->conf_path,
		      &steward->arena, &out, &steward->diag);
	fputs(strbuf_str(&out), stdout);
	strbuf_fini(&out);
	print_diag(&steward->diag);
	if (ret < 0)
		return ret == -EBADMSG ? EXIT_WRONG_USAGE : EXIT_FAILURE;
	return ret ? EXIT_WOULD_CHANGE : EXIT_SUCCESS;
}

/** parse_time() - "90", "90s", "5m" or "1h" in seconds; 0 when it is none */
static unsigned int parse_time(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	unsigned long unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : 1;

	if (*text < '0' || *text > '9' || strlen(end) > 1 ||
	    (*end && !strchr("smh", *end)) || number > CONFIRM_S_MAX ||
	    number * unit > CONFIRM_S_MAX)
		return 0;
	return (unsigned int)(number * unit);
}

/** parse_options() - "-c FILE" and "-h"; Return: -1 to go on, or exit status */
static int parse_options(struct steward *steward, int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"confirm", required_argument, NULL, 't'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			steward->conf_path = optarg;
			break;
		case 't':
			steward->confirm_s = parse_time(optarg);
			if (steward->confirm_s &&
			    strcmp(argv[0], "relaytun reload") == 0)
				break;
			fprintf(stderr,
				"%s: --confirm goes with reload, and wants a "
				"time up to a day, as 5m\n",
				argv[0]);
			return EXIT_WRONG_USAGE;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_WRONG_USAGE;
		}
	}
	if (optind + 1 == argc && strcmp(argv[0], "relaytun plan") == 0)
		steward->policy_path = argv[optind++];
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return EXIT_WRONG_USAGE;
}

/** run_verb() - argv[0] is "relaytun VERB"; Return: exit status */
static int run_verb(struct steward *steward, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct steward *steward);
	} verbs[] = {
		{"relaytun gateway", run_gateway},
		{"relaytun reload", run_reload},
		{"relaytun confirm", run_confirm},
		{"relaytun plan", run_plan},
		{"relaytun down", run_down},
	};
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		int status;

		if (argc < 1 || strcmp(argv[0], verbs[i].name) != 0)
			continue;
		status = parse_options(steward, argc, argv);
		return status >= 0 ? status : verbs[i].run(steward);
	}
	fputs("relaytun-steward: call it as relaytun gateway, reload, confirm, "
	      "plan or down\n",
	      stderr);
	return EXIT_WRONG_USAGE;
}

/** open_standard_fds() - 0, 1 and 2 exist: a socket of ours must not get there */
static void open_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct steward steward = {.conf_path = DEFAULT_CFG};
	int status;

	open_standard_fds();
	log_open("relaytun-steward", LOG_LEVEL_INFO);
	arena_init(&steward.arena);
	diag_init(&steward.diag);
	state_init(&steward.state, &steward.arena);
	status = run_verb(&steward, argc, argv);
	diag_fini(&steward.diag);
	arena_fini(&steward.arena);
	return output_end(argc > 0 ? argv[0] : "relaytun", status);
}
