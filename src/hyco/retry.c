/* SPDX-License-Identifier: MIT */

/*
 * retry.c - How long to wait before connecting again
 */

#include <hyco/retry.h>

bool hyco_status_is_config(enum hyco_role role, int status)
{
	return status == 401 || status == 403 ||
	       (status == 404 && role == HYCO_LISTENER);
}

bool hyco_status_is_absent(enum hyco_role role, int status)
{
	return role == HYCO_SENDER && (status == 404 || status == 504);
}

int64_t hyco_retry_limit_ms(enum hyco_role role, unsigned int failure_cnt,
			    int status)
{
	bool absent = hyco_status_is_absent(role, status) &&
		      failure_cnt < HYCO_RETRY_ABSENT_CNT;
	int64_t cap_ms = absent ? HYCO_RETRY_ABSENT_MS : HYCO_RETRY_CAP_MS;
	int64_t limit_ms = HYCO_RETRY_BASE_MS;

	if (hyco_status_is_config(role, status))
		return cap_ms;
	while (failure_cnt-- > 0 && limit_ms < cap_ms)
		limit_ms *= 2;
	return limit_ms < cap_ms ? limit_ms : cap_ms;
}

const char *hyco_status_advice(enum hyco_role role, int status)
{
	switch (status) {
	case 401:
		return "the token was not accepted: check credentials, this "
		       "machine's clock and the relay's IP rules";
	case 403:
		return role == HYCO_LISTENER
			       ? "the credentials lack the right Listen for "
				 "this hybrid connection, or an IP rule of the "
				 "relay shuts this address out"
			       : "the credentials lack the right Send for this "
				 "hybrid connection, or an IP rule of the "
				 "relay "
				 "shuts this address out";
	case 404:
		return role == HYCO_LISTENER
			       ? "there is no such hybrid connection: create "
				 "it, or correct its address"
			       : "nobody listens there now, or there is no "
				 "such "
				 "hybrid connection";
	case 407:
		return "the proxy wants credentials";
	case 429:
		return "a quota is used up: 25 listeners for one hybrid "
		       "connection, or the namespace's connections";
	case 500:
	case 502:
	case 503:
		return "the relay is in trouble or busy; it is tried again";
	case 504:
		return "the chosen listener did not come in time; it is tried "
		       "again";
	default:
		if (status >= 300 && status < 400)
			return "that is a redirection: something between us "
			       "and the relay answers in its place";
		if (status >= 200 && status < 300)
			return "that is a web server's answer: the address is "
			       "wrong, or a proxy strips the header Upgrade";
		return "";
	}
}
