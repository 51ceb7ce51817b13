/* SPDX-License-Identifier: MIT */

/*
 * sender.c - Connecting to whoever listens
 */

#include <hyco/sender.h>

#include <hyco/error.h>

int hyco_sender_init(struct hyco_sender *sender,
		     const struct hyco_sender_config *config, const char **why)
{
	struct hyco_uri below;
	ssize_t len;
	int err;

	*sender = (struct hyco_sender){
		.config = *config,
		.opened_ms = HYCO_NEVER,
	};
	if (!sender->config.limit_ms)
		sender->config.limit_ms = HYCO_SENDER_LIMIT_MS;
	err = hyco_uri_parse(config->address, &sender->uri, why);
	if (err)
		return err;
	err = hyco_uri_extend(&sender->uri, config->suffix, config->query,
			      &below);
	if (err) {
		*why = err == HYCO_EINVAL
			       ? "path or query have bytes that must be "
				 "percent-encoded, or an argument sb-hc-..."
			       : "the address is too long";
		return err;
	}
	len = hyco_uri_action(&below, HYCO_CONNECT, config->id, sender->target,
			      sizeof(sender->target));
	if (len < 0) {
		*why = "the address is too long";
		return (int)len;
	}
	return 0;
}

int hyco_sender_begin(const struct hyco_sender *sender, struct hyco_conn *conn,
		      const char *token, int64_t now_ms)
{
	const struct hyco_upgrade upgrade = {
		.uri = &sender->uri,
		.target = sender->target,
		.token = token,
		.protocol = sender->config.protocol,
		.agent = sender->config.agent,
		.headers = sender->config.headers,
		.header_cnt = sender->config.header_cnt,
	};

	return hyco_conn_begin(conn, &upgrade, sender->config.limit_ms, now_ms);
}

void hyco_sender_opened(struct hyco_sender *sender, int64_t now_ms)
{
	sender->opened_ms = now_ms;
	sender->absent_cnt = 0;
}

int64_t hyco_sender_ended(struct hyco_sender *sender, int status,
			  uint64_t random, int64_t now_ms)
{
	unsigned int *cnt = hyco_status_is_absent(HYCO_SENDER, status)
				    ? &sender->absent_cnt
				    : &sender->failure_cnt;
	int64_t limit_ms;

	if (sender->opened_ms != HYCO_NEVER &&
	    now_ms - sender->opened_ms >= HYCO_RETRY_HEALTHY_MS)
		sender->failure_cnt = 0;
	sender->opened_ms = HYCO_NEVER;
	limit_ms = hyco_retry_limit_ms(HYCO_SENDER, (*cnt)++, status);
	return (int64_t)(random % (uint64_t)(limit_ms + 1));
}
