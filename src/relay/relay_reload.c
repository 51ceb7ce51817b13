/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * relay_reload.c - SIGHUP: another configuration while connections live
 */

/**
 * DOC: Theory of operation
 *
 * All that may fail comes before the first change: the files are read beside those
 * in force, certificate and key are tried, hubs get their memory.  Then the new
 * configuration is in force for whoever asks next; sessions point to hubs, which
 * stay.  What a listening socket is made from stays as it was at the start.
 */

#include "relay/relay_reload.h"

#include <stdio.h>

#include "relay/control.h"
#include "relay/entry.h"
#include "relay/http_exchange.h"
#include "relay/pair.h"
#include "relay/tls.h"
#include "sys/log.h"

void relay_reload_gone(struct hub *hub, void *context)
{
	static const char reason[] = "hybrid connection is gone";
	struct relay *relay = context;
	struct session *session;
	struct session *next;

	for (session = relay->sessions; session; session = next) {
		next = session->next;
		if (session->hub != hub)
			continue;
		if (session->kind == SESSION_LISTENER)
			control_close(session, WS_CLOSE_GOING_AWAY, reason);
		else if (session->kind == SESSION_JOINED)
			pair_close(session, WS_CLOSE_GOING_AWAY, reason);
		else if (session->kind == SESSION_WAITING)
			session_refuse(session, 404, reason);
		else if (session->kind == SESSION_HTTP)
			exchange_fail(session, 404, reason);
	}
}

/** warn_kept() - What is read but not in force */
static void warn_kept(const struct relay *relay)
{
	const char *names[FIXED_NAME_CNT];
	size_t cnt = fixed_changes(&relay->fixed, relay->conf, names);
	char text[256] = "";
	size_t len = 0;
	size_t i;

	for (i = 0; i < cnt; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					i ? ", " : "", names[i]);
	if (entry_limit(relay) < relay->conf->limits.connection_cnt)
		log_warn("event=few_files connections=%zu text=\"the open "
			 "files of the start allow no more: raise ulimit -n "
			 "if need be, and restart\"",
			 entry_limit(relay));
	if (cnt)
		log_warn("event=reload_kept settings=\"%s\" text=\"these stay "
			 "as "
			 "they were: restart the relay to change them\"",
			 text);
}

void relay_reload(struct relay *relay, const struct relay_hooks *hooks)
{
	const struct relay_conf *conf =
		hooks->load ? hooks->load(hooks->context) : NULL;

	if (!conf) {
		log_err("event=reload_failed text=\"all stays as it was\"");
		return;
	}
	if (tls_reload(&relay->tls, conf)) {
		log_err("event=reload_failed text=\"certificate %s and key %s "
			"are not accepted: all stays as it was\"",
			conf->certificate, conf->private_key);
		hooks->undo(hooks->context);
		return;
	}
	if (hub_table_set(&relay->hubs, conf, relay_reload_gone, relay)) {
		log_err("event=reload_failed text=\"out of memory\"");
		hooks->undo(hooks->context);
		return;
	}
	relay->conf = conf;
	hooks->drop(hooks->context);
	warn_kept(relay);
	log_info("event=reloaded paths=%zu", conf->path_cnt);
}
