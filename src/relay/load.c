/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * load.c - relay.cfg and every file that it names
 */

#include "relay/load.h"

#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "relay/tls.h"
#include "sys/cfgfile.h"
#include "sys/file.h"

/** read_keys() - Key files of one list, errors into @diag */
static void read_keys(struct relay_key *keys, size_t cnt, gid_t group,
		      struct diag *diag)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		const char *why = "";
		ssize_t len = file_read_group_secret(keys[i].file, KEY_LEN_MAX,
						     group, &keys[i].key, &why);

		if (len < 0)
			diag_error(diag, keys[i].place.path, keys[i].place.line,
				   "key_file %s: %s", keys[i].file, why);
		else
			keys[i].key_len = (size_t)len;
	}
}

static void wipe_keys(struct relay_key *keys, size_t cnt)
{
	size_t i;

	for (i = 0; i < cnt; i++)
		file_wipe(keys[i].key, keys[i].key_len);
}

/** check_readable() - TLS files, with a clearer word than OpenSSL's */
static void check_readable(const char *file, const char *what, const char *path,
			   struct diag *diag)
{
	int err = file ? file_check(file) : 0;

	if (err)
		diag_error(diag, path, 0, "%s %s: %s", what, file,
			   file_why(err));
}

/** check_private() - The key of the certificate; a group may read it, as
 *  Debian's ssl-cert does */
static void check_private(const char *file, const char *path, struct diag *diag)
{
	struct stat st;

	if (file && !stat(file, &st) && (st.st_mode & S_IRWXO))
		diag_error(diag, path, 0,
			   "key %s may be read by everybody: chmod o= %s", file,
			   file);
}

/** check_tls() - Would a port serve with both? */
static void check_tls(const struct relay_conf *conf, const char *path,
		      struct diag *diag)
{
	const char *fault = tls_fault(conf);

	if (fault)
		diag_error(diag, path, 0, "certificate %s, key %s: %s",
			   conf->certificate, conf->private_key, fault);
}

/** ask_user() - For the user's group, once */
static void ask_user(struct load_user *user, const char *name, const char *path,
		     struct diag *diag)
{
	const struct passwd *found;

	if (user->asked)
		return;
	found = name ? getpwnam(name) : NULL;
	user->asked = true;
	user->group = found ? found->pw_gid : (gid_t)-1;
	if (name && !found && geteuid() == 0)
		diag_error(diag, path, 0,
			   "user \"%s\" does not exist: create it, or name "
			   "another",
			   name);
}

/** read_files() - As the user whom this program becomes reads them again later */
static void read_files(struct relay_conf *conf, const char *path, gid_t group,
		       struct diag *diag)
{
	size_t before = diag->error_cnt;
	size_t i;

	read_keys(conf->keys, conf->key_cnt, group, diag);
	for (i = 0; i < conf->path_cnt; i++)
		read_keys(conf->paths[i].keys, conf->paths[i].key_cnt, group,
			  diag);
	check_readable(conf->certificate, "certificate", path, diag);
	check_readable(conf->private_key, "key", path, diag);
	check_private(conf->private_key, path, diag);
	if (conf->certificate && diag->error_cnt == before)
		check_tls(conf, path, diag);
}

bool load_open(struct loaded *loaded, const char *path, struct load_user *user,
	       struct diag *diag)
{
	size_t before = diag->error_cnt;
	struct cfgfile file;

	arena_init(&loaded->arena);
	loaded->conf = NULL;
	if (!cfgfile_load(&file, path, &loaded->arena, diag))
		loaded->conf = relay_conf_parse_source(&file.source,
						       &loaded->arena, diag);
	cfgfile_free(&file);
	if (loaded->conf) {
		ask_user(user, loaded->conf->user, path, diag);
		read_files(loaded->conf, path, user->group, diag);
	}
	return loaded->conf && diag->error_cnt == before;
}

void load_close(struct loaded *loaded)
{
	struct relay_conf *conf = loaded->conf;
	size_t i;

	if (conf) {
		wipe_keys(conf->keys, conf->key_cnt);
		for (i = 0; i < conf->path_cnt; i++)
			wipe_keys(conf->paths[i].keys, conf->paths[i].key_cnt);
	}
	loaded->conf = NULL;
	arena_fini(&loaded->arena);
}
