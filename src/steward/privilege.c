/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * privilege.c - What the steward, the spawner and the carrier may do
 */

#include "steward/privilege.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/strbuf.h"

/** add_upper() - A capability's name as manuals write it */
static void add_upper(struct strbuf *out, const char *name)
{
	for (; *name; name++) {
		char c = (char)toupper((unsigned char)*name);

		strbuf_add(out, &c, 1);
	}
}

int privilege_check(const cap_value_t *caps, int cap_cnt, struct diag *diag)
{
	cap_t own = cap_get_proc();
	struct strbuf missing;
	int i;

	if (!own)
		return -errno;
	strbuf_init(&missing);
	for (i = 0; i < cap_cnt; i++) {
		cap_flag_value_t has = CAP_CLEAR;
		char *name;

		if (cap_get_flag(own, caps[i], CAP_EFFECTIVE, &has) == 0 &&
		    has == CAP_SET)
			continue;
		name = cap_to_name(caps[i]);
		if (missing.len)
			strbuf_printf(&missing, ", ");
		add_upper(&missing, name ? name : "?");
		cap_free(name);
	}
	cap_free(own);
	i = missing.len ? -EPERM : 0;
	if (i)
		diag_error(diag, NULL, 0,
			   "missing %s: start it as root (\"sudo relaytun "
			   "...\"), or by the systemd unit relaytun-gateway",
			   strbuf_str(&missing));
	strbuf_fini(&missing);
	return i;
}

/** drop_bounding() - Nothing may be gained by exec; needs CAP_SETPCAP */
static void drop_bounding(void)
{
	cap_value_t cap;

	/* Without CAP_SETPCAP it stays, and NO_NEW_PRIVS does the work. */
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		(void)cap_drop_bound(cap);
	(void)cap_reset_ambient();
}

int privilege_seal(void)
{
	const struct rlimit none = {0, 0};

	drop_bounding();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || setrlimit(RLIMIT_CORE, &none))
		return -errno;
	return 0;
}

int privilege_keep(const cap_value_t *caps, int cap_cnt)
{
	cap_t wanted = cap_init();
	int ret = 0;

	if (!wanted)
		return -errno;
	if ((cap_cnt &&
	     (cap_set_flag(wanted, CAP_PERMITTED, cap_cnt, caps, CAP_SET) ||
	      cap_set_flag(wanted, CAP_EFFECTIVE, cap_cnt, caps, CAP_SET))) ||
	    cap_set_proc(wanted))
		ret = -errno;
	cap_free(wanted);
	return ret;
}

int privilege_become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	return privilege_keep(NULL, 0);
}
