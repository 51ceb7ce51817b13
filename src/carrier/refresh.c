/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * refresh.c - Keeps an Entra token in its box, renewed ahead of its end
 */

/**
 * DOC: Theory of operation
 *
 * A new token is asked for at half of the present one's life.  Failures are
 * repeated after a delay that doubles up to a minute, so an outage of the endpoint
 * shorter than half a life harms nobody.  A managed identity is asked for
 * directly: its endpoint is on this machine, and no proxy may see it.
 */

#include "carrier/refresh.h"

#include <stdio.h>
#include <string.h>

#include "carrier/entra.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

#define AGAIN_MS_FIRST INT64_C(1000)
#define AGAIN_MS_MAX   INT64_C(60000)
#define LIFE_MS_MIN    INT64_C(2000)
#define SKEW_S_MAX     60

static int draw(void *arg, unsigned char *data, size_t len)
{
	(void)arg;
	random_bytes(data, len);
	return 0;
}

static void ask_after(struct refresh *refresh, int64_t ms)
{
	loop_timer_set(refresh->loop, &refresh->timer,
		       mono_add_ms(clock_mono(), ms));
}

/** failed() - Say so, once for the same reason, and ask again later */
static void failed(struct refresh *refresh, const char *why)
{
	int64_t ms = AGAIN_MS_FIRST;
	unsigned int i;

	for (i = 0; i < refresh->failure_cnt && ms < AGAIN_MS_MAX; i++)
		ms *= 2;
	if (ms > AGAIN_MS_MAX)
		ms = AGAIN_MS_MAX;
	refresh->failure_cnt++;
	token_box_put(&refresh->box, NULL, 0, why);
	/* Trace ids differ each time; the beginning tells. */
	if (strncmp(refresh->error, why, 80))
		log_warn("credential=\"%s\" event=no_token reason=\"%s\"",
			 refresh->setup->credential.words, why);
	snprintf(refresh->error, sizeof(refresh->error), "%s", why);
	ask_after(refresh, ms / 2 + (int64_t)random_below((uint64_t)ms / 2));
}

/** came() - A token: keep it, and ask for the next at half of its life */
static void came(struct refresh *refresh, const struct entra_answer *answer)
{
	int64_t half_ms = answer->life_s * 500;

	token_box_put(&refresh->box, answer->token,
		      clock_wall().s + answer->life_s, "");
	refresh->failure_cnt = 0;
	refresh->error[0] = '\0';
	log_info("credential=\"%s\" event=token life_s=%lld",
		 refresh->setup->credential.words, (long long)answer->life_s);
	ask_after(refresh, half_ms > LIFE_MS_MIN ? half_ms : LIFE_MS_MIN);
	refresh->came(refresh->arg);
}

/** skewed() - Words about our clock, "" when it is right */
static const char *skewed(int64_t date_s, char *text, size_t size)
{
	int64_t skew_s = date_s ? date_s - clock_wall().s : 0;

	text[0] = '\0';
	if (skew_s > SKEW_S_MAX || skew_s < -SKEW_S_MAX)
		snprintf(text, size,
			 "; this machine's clock is %lld s %s the endpoint's",
			 (long long)(skew_s < 0 ? -skew_s : skew_s),
			 skew_s > 0 ? "behind" : "ahead of");
	return text;
}

static void on_fetched(struct fetch *fetch)
{
	struct refresh *refresh =
		(struct refresh *)((char *)fetch -
				   offsetof(struct refresh, fetch));
	struct entra_answer answer;
	char why[sizeof(answer.error) + NETPATH_ERROR_SIZE];
	char skew[100];

	if (!fetch->status) {
		snprintf(why, sizeof(why), "the token endpoint: %s",
			 fetch->error);
		failed(refresh, why);
		return;
	}
	if (!entra_read(fetch->status, fetch->body, &answer)) {
		came(refresh, &answer);
	} else {
		snprintf(why, sizeof(why), "%s%s", answer.error,
			 skewed(fetch->date_s, skew, sizeof(skew)));
		failed(refresh, why);
	}
	explicit_bzero(&answer, sizeof(answer));
}

/** ask() - Begin the request */
static void ask(struct refresh *refresh)
{
	const struct setup *setup = refresh->setup;
	const struct access_conf *conf = &setup->conf->access;
	struct entra_request request;
	struct fetch_request fetch = {
		.url = request.url,
		.path = conf->kind == CREDENTIAL_IDENTITY ? NULL : &setup->path,
	};
	const char *why;
	int err = entra_ask(conf, setup->key, clock_wall().s, draw, &request,
			    &why);

	if (!err) {
		fetch.header = request.header;
		fetch.post = request.form[0] ? request.form : NULL;
		why = "out of memory";
		err = fetch_begin(&refresh->fetch, refresh->loop, &fetch,
				  on_fetched);
	}
	explicit_bzero(&request, sizeof(request));
	if (err)
		failed(refresh, why);
}

static void on_timer(struct loop_timer *timer)
{
	ask((struct refresh *)((char *)timer -
			       offsetof(struct refresh, timer)));
}

int refresh_init(struct refresh *refresh, struct loop *loop,
		 void (*token_came)(void *arg), void *arg)
{
	memset(refresh, 0, sizeof(*refresh));
	refresh->loop = loop;
	refresh->came = token_came;
	refresh->arg = arg;
	refresh->timer.fire = on_timer;
	return token_box_init(&refresh->box);
}

void refresh_fini(struct refresh *refresh)
{
	fetch_close(&refresh->fetch);
	loop_timer_cancel(refresh->loop, &refresh->timer);
	token_box_fini(&refresh->box);
}

void refresh_moved(struct refresh *refresh, const struct setup *setup)
{
	bool same =
		refresh->setup && credential_same(&refresh->setup->credential,
						  &setup->credential);

	refresh->setup = setup;
	if (same)
		return;
	fetch_close(&refresh->fetch);
	loop_timer_cancel(refresh->loop, &refresh->timer);
	if (access_is_entra(&setup->conf->access))
		ask_after(refresh, 0);
}
