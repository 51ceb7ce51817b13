/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * setup.c - What a carrier was told by its steward
 */

#include "carrier/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/sha256.h>

#include "base/diag.h"
#include "base/strbuf.h"
#include "policy/needs.h"
#include "policy/parse.h"
#include "policy/print.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"
#include "sys/trust.h"

void setup_init(struct setup *setup)
{
	*setup = (struct setup){.status_fd = -1};
	arena_init(&setup->arena);
}

void setup_fini(struct setup *setup)
{
	while (setup->tun_cnt > 0)
		close(setup->tun_fds[--setup->tun_cnt]);
	if (setup->status_fd >= 0)
		close(setup->status_fd);
	credential_fini(&setup->credential);
	file_wipe(setup->key, setup->key_len);
	file_wipe(setup->cert_pem, setup->cert_len);
	file_wipe(setup->proxy_password, setup->proxy_password_len);
	trust_free(setup->path.trust);
	free(setup->ca_pem);
	free(setup->policy_text);
	free(setup->conf_text);
	arena_fini(&setup->arena);
	setup_init(setup);
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	return 0;
}

/** take_queue() - Keep one more queue of the TUN device */
static int take_queue(struct setup *setup, int fd)
{
	int err = setup->tun_cnt < WORKER_CNT_MAX ? set_nonblocking(fd)
						  : -EBADMSG;

	if (err)
		close(fd);
	else
		setup->tun_fds[setup->tun_cnt++] = fd;
	return err;
}

/** take_status() - Keep the status socket in place of the one before */
static int take_status(struct setup *setup, int fd)
{
	int err = set_nonblocking(fd);

	if (err) {
		close(fd);
		return err;
	}
	if (setup->status_fd >= 0)
		close(setup->status_fd);
	setup->status_fd = fd;
	return 0;
}

/** take_text() - Keep the bytes of a sealed memfd in place of @slot's */
static int take_text(char **slot, size_t *len, int fd, size_t max)
{
	char *text;
	ssize_t got = handover_read_text(fd, max, &text);

	close(fd);
	if (got < 0)
		return (int)got;
	file_wipe(*slot, *len);
	*slot = text;
	*len = (size_t)got;
	return 0;
}

int setup_take(struct setup *setup, const struct handover_msg *msg, int fd)
{
	size_t policy_len = 0;
	size_t conf_len = 0;

	if (fd < 0)
		return -EBADMSG;
	switch ((enum handover_type)msg->type) {
	case HANDOVER_TUN:
		setup->tun_offloads = msg->value;
		return take_queue(setup, fd);
	case HANDOVER_STATUS:
		return take_status(setup, fd);
	case HANDOVER_POLICY:
		return take_text(&setup->policy_text, &policy_len, fd,
				 POLICY_NORMAL_LEN_MAX);
	case HANDOVER_GATEWAY:
		return take_text(&setup->conf_text, &conf_len, fd,
				 POLICY_LEN_MAX);
	case HANDOVER_KEY:
		return take_text(&setup->key, &setup->key_len, fd,
				 SECRET_FILE_LEN_MAX);
	case HANDOVER_CERTIFICATE:
		return take_text(&setup->cert_pem, &setup->cert_len, fd,
				 SECRET_FILE_LEN_MAX);
	case HANDOVER_PROXY_PASSWORD:
		return take_text(&setup->proxy_password,
				 &setup->proxy_password_len, fd,
				 SECRET_FILE_LEN_MAX);
	case HANDOVER_CA:
		return take_text(&setup->ca_pem, &setup->ca_len, fd,
				 SECRET_FILE_LEN_MAX * 16);
	case HANDOVER_GO:
	case HANDOVER_READY:
	case HANDOVER_REFUSED:
	case HANDOVER_NOTICES:
	case HANDOVER_ENDED:
	case HANDOVER_HUNG:
	case HANDOVER_ASK:
	case HANDOVER_ALIVE:
		break;
	}
	close(fd);
	return -EBADMSG;
}

/** digest_site() - SHA-256 of what a policy says of one site */
static void digest_site(const struct policy *policy,
			const struct policy_site *site,
			uint8_t digest[WIRE_DIGEST_LEN])
{
	struct strbuf text;

	strbuf_init(&text);
	policy_print_site(policy, site, &text);
	mbedtls_sha256_ret((const uint8_t *)strbuf_str(&text), text.len, digest,
			   0);
	strbuf_fini(&text);
}

static void digest_all(struct setup *setup)
{
	const struct plan *plan = setup->plan;
	size_t i;

	setup->digests = arena_array(&setup->arena, plan->peer_cnt + 1,
				     sizeof(*setup->digests));
	for (i = 0; i < plan->peer_cnt; i++) {
		const struct policy_site *site = setup->gateway->site;

		if (!site)
			site = plan->peers[i]->site;
		digest_site(plan->policy, site, setup->digests[i]);
	}
}

/** parse_all() - Both texts; Return: 0, or -EBADMSG with entries in @diag */
static int parse_all(struct setup *setup, struct diag *diag)
{
	const struct policy *policy;

	policy =
		policy_parse(setup->policy_text, "policy", &setup->arena, diag);
	setup->conf = gateway_conf_parse(setup->conf_text, "gateway",
					 &setup->arena, diag);
	if (!policy || !setup->conf)
		return -EBADMSG;
	setup->gateway =
		gateway_conf_check(policy, setup->conf, "gateway", diag);
	if (!setup->gateway)
		return -EBADMSG;
	setup->plan = plan_make(policy, setup->gateway, setup->conf, NULL, 0,
				&setup->arena);
	setup->channels = needs_channels(policy, setup->conf->channels,
					 setup->conf->workers, &setup->arena)
				  .cnt;
	setup->steer = steer_new(setup->plan, &setup->arena);
	setup->reach = reach_new(setup->conf->workers, setup->plan->peer_cnt,
				 &setup->arena);
	return 0;
}

/** take_instance() - A new one, or the one that goes on */
static void take_instance(struct setup *setup, const struct setup *before)
{
	if (before) {
		memcpy(setup->instance, before->instance,
		       sizeof(setup->instance));
		setup->start_ms = before->start_ms;
		return;
	}
	random_bytes(setup->instance, sizeof(setup->instance));
	setup->start_ms = (uint64_t)clock_wall().s * 1000;
}

/** same_gateway() - May one setup take the other's place? */
static bool same_gateway(const struct setup *a, const struct setup *b)
{
	return !strcmp(a->gateway->name, b->gateway->name) &&
	       a->gateway->role == b->gateway->role && a->tun_cnt == b->tun_cnt;
}

/** join() - A list of texts as one, in the arena; NULL for none */
static const char *join(struct setup *setup, const char *const *list,
			size_t cnt, const char *between)
{
	struct strbuf text;
	const char *all;
	size_t i;

	strbuf_init(&text);
	for (i = 0; i < cnt; i++)
		strbuf_printf(&text, "%s%s", i ? between : "", list[i]);
	all = arena_strdup(&setup->arena, strbuf_str(&text));
	strbuf_fini(&text);
	return all;
}

/** take_access() - Credential and way out; Return: 0, or negative errno */
static int take_access(struct setup *setup, char *why, size_t why_size)
{
	const struct access_conf *conf = &setup->conf->access;
	size_t i;

	if (conf->secret_file && !setup->key) {
		snprintf(why, why_size, "the steward's set has no secret");
		return -EBADMSG;
	}
	setup->path = (struct netpath){
		.ca_pem = setup->ca_pem,
		.ca_len = setup->ca_len,
		.trust = trust_new(setup->ca_pem, setup->ca_len),
		.cert_pem = setup->cert_pem,
		.cert_len = setup->cert_len,
		.proxy = conf->proxy,
		.proxy_password = setup->proxy_password,
	};
	for (i = 0; i < setup->gateway->addr_cnt; i++)
		setup->path.tunnel_addrs[setup->path.tunnel_addr_cnt++] =
			setup->gateway->addrs[i];
	if (conf->pin_cnt)
		setup->path.pins = join(setup, conf->pins, conf->pin_cnt, ";");
	if (conf->has_no_proxy)
		setup->path.no_proxy =
			join(setup, conf->no_proxy, conf->no_proxy_cnt, ",");
	return credential_init(&setup->credential, conf, setup->key,
			       setup->key_len, why, why_size);
}

int setup_finish(struct setup *setup, const struct setup *before, char *why,
		 size_t why_size)
{
	struct diag diag;
	int err;

	if (!setup->tun_cnt || setup->status_fd < 0 || !setup->policy_text ||
	    !setup->conf_text) {
		snprintf(why, why_size, "the steward's set is not complete");
		return -EBADMSG;
	}
	diag_init(&diag);
	err = parse_all(setup, &diag);
	if (err)
		diag_text(&diag, 0, why, why_size);
	diag_fini(&diag);
	if (!err)
		err = take_access(setup, why, why_size);
	if (err)
		return err;
	if (setup->tun_cnt != setup->conf->workers) {
		snprintf(why, why_size, "%zu TUN queues for %u workers",
			 setup->tun_cnt, setup->conf->workers);
		return -EBADMSG;
	}
	if (before && !same_gateway(setup, before)) {
		snprintf(why, why_size,
			 "another gateway, role or number of workers needs a "
			 "restart");
		return -EBADMSG;
	}
	digest_all(setup);
	take_instance(setup, before);
	return 0;
}

int setup_find_peer(const struct setup *setup, const char *name)
{
	size_t i;

	for (i = 0; i < setup->plan->peer_cnt; i++) {
		if (!strcmp(setup->plan->peers[i]->name, name))
			return (int)i;
	}
	return STEER_NO_PEER;
}
