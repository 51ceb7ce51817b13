/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cfgfile.c - A configuration file, with the files it includes
 */

/**
 * DOC: Theory of operation
 *
 * Parsing is pure, so files are put together before it: expand() copies a text
 * up to each "@include", lets expand_path() append the other file, and goes on
 * behind it.  A piece is noted wherever the text goes on in another place, so
 * that errors name the file and line a person must edit.
 *
 * What is included stands between line ends, whatever stood around it: then
 * each line of the whole text is from one place.
 */

#include "sys/cfgfile.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cfgscan.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "sys/file.h"

#define STR_(x) #x
#define STR(x)  STR_(x)

static_assert(POLICY_LEN_MAX == 16u << 20, "a text below says so");

/**
 * struct open_file - A file that is being read
 * @source:	Its own text
 * @dev:	Its device and
 * @ino:	inode: a file has many names
 * @parent:	The file that includes it, NULL for the first one
 * @depth:	1 for the first one
 */
struct open_file {
	struct cfg_source source;
	dev_t dev;
	ino_t ino;
	const struct open_file *parent;
	unsigned int depth;
};

/**
 * struct load - One run
 * @text:	What was put together so far
 * @line:	Line of its next byte
 * @pieces:	Where its lines are from (arena)
 * @piece_cnt:	Entries in use
 * @piece_size:	Entries allocated
 * @include_cnt: "@include"s so far
 */
struct load {
	struct strbuf text;
	unsigned int line;
	struct cfg_piece *pieces;
	size_t piece_cnt;
	size_t piece_size;
	size_t include_cnt;
	struct arena *arena;
	struct diag *diag;
};

static int expand(struct load *load, const struct open_file *file);

/**
 * piece_add() - Note where the text goes on
 * @load:	Run
 * @path:	File
 * @line:	Line of it
 */
static void piece_add(struct load *load, const char *path, unsigned int line)
{
	if (load->piece_cnt == load->piece_size) {
		size_t size = load->piece_size ? 2 * load->piece_size : 8;
		struct cfg_piece *grown =
			arena_array(load->arena, size, sizeof(*grown));

		if (load->piece_cnt)
			memcpy(grown, load->pieces,
			       load->piece_cnt * sizeof(*grown));
		load->pieces = grown;
		load->piece_size = size;
	}
	load->pieces[load->piece_cnt++] =
		(struct cfg_piece){load->line, path, line};
}

/**
 * append() - Append a part of a file
 * @load:	Run
 * @from:	First byte
 * @len:	Its length
 */
static void append(struct load *load, const char *from, size_t len)
{
	const char *end = from + len;
	const char *c;

	strbuf_add(&load->text, from, len);
	for (c = from; (c = memchr(c, '\n', (size_t)(end - c))); c++)
		load->line++;
}

/**
 * read_main() - Read the first file
 * @path:	File
 * @text:	Receives its text (heap)
 * @diag:	Receives an error
 *
 * Return: whether it was read
 */
static bool read_main(const char *path, char **text, struct diag *diag)
{
	ssize_t len = file_read(path, POLICY_LEN_MAX, text);

	if (len >= 0)
		return true;
	if (len == -EMSGSIZE)
		diag_error(diag, path, 0,
			   "is larger than %u bytes, the most a configuration "
			   "may have",
			   POLICY_LEN_MAX);
	else
		diag_error(diag, path, 0, "cannot be read: %s", file_why(len));
	return false;
}

/**
 * included_path() - Where an included file lies
 * @load:	Run
 * @file:	File that includes it
 * @include:	What it says
 *
 * Return: its path, in the arena
 */
static const char *included_path(struct load *load,
				 const struct open_file *file,
				 const struct cfg_include *include)
{
	const char *slash = strrchr(file->source.path, '/');
	size_t dir_len = slash ? (size_t)(slash - file->source.path) + 1 : 0;
	char *path;

	if (include->name[0] == '/')
		dir_len = 0;
	path = arena_alloc(load->arena, dir_len + include->name_len + 1);
	memcpy(path, file->source.path, dir_len);
	memcpy(path + dir_len, include->name, include->name_len);
	return path;
}

/**
 * include_fault() - May this file be included here?
 * @load:	Run
 * @inner:	The file, with what includes it; receives device and inode
 * @path:	Its path
 *
 * Return: NULL, or why not
 */
static const char *include_fault(const struct load *load,
				 struct open_file *inner, const char *path)
{
	const struct open_file *around;
	struct stat st;

	if (inner->depth > CFGFILE_DEPTH_MAX)
		return STR(CFGFILE_DEPTH_MAX) " files inside each other are "
					      "the most";
	if (load->include_cnt > CFGFILE_INCLUDE_MAX)
		return STR(CFGFILE_INCLUDE_MAX) " included files are the most";
	if (stat(path, &st))
		return strerror(errno);
	for (around = inner->parent; around; around = around->parent) {
		if (around->dev == st.st_dev && around->ino == st.st_ino)
			return "it would include itself";
	}
	inner->dev = st.st_dev;
	inner->ino = st.st_ino;
	return NULL;
}

/**
 * include_one() - Append an included file
 * @load:	Run
 * @file:	File that includes it
 * @include:	Where
 *
 * Return: 0, or -EBADMSG after errors
 */
static int include_one(struct load *load, const struct open_file *file,
		       const struct cfg_include *include)
{
	struct open_file inner = {.parent = file, .depth = file->depth + 1};
	const char *path = included_path(load, file, include);
	const char *fault;
	char *text = NULL;
	ssize_t len = 0;
	int err = -EBADMSG;

	inner.source.path = path;
	load->include_cnt++;
	fault = include_fault(load, &inner, path);
	if (!fault) {
		len = file_read(path, POLICY_LEN_MAX, &text);
		if (len == -EMSGSIZE ||
		    (len >= 0 && load->text.len + (size_t)len > POLICY_LEN_MAX))
			fault = "with it the text is larger than the most "
				"that a configuration may have, 16 MiB";
		else if (len < 0)
			fault = file_why(len);
	}
	if (fault) {
		cfg_source_error(&file->source, load->diag, include->line,
				 "cannot include %.200s: %s", path, fault);
	} else {
		inner.source.text = text;
		err = expand(load, &inner);
	}
	if (text)
		file_wipe(text, strlen(text));
	return err;
}

/**
 * next_include() - cfg_scan_include()
 * @load:	Run
 * @file:	File
 * @include:	The one before; receives the next one
 *
 * What is wrong with the first file is told better by the parser, which sees
 * all of it; a comment or text without end in another one would swallow what
 * follows in the first.
 *
 * Return: 1, 0 when there is none, or -EBADMSG after errors
 */
static int next_include(struct load *load, const struct open_file *file,
			struct cfg_include *include)
{
	struct diag ignored;
	int found;

	if (file->parent)
		return cfg_scan_include(&file->source, include, load->diag);
	diag_init(&ignored);
	found = cfg_scan_include(&file->source, include, &ignored);
	diag_fini(&ignored);
	return found > 0;
}

/**
 * expand() - Append a file and what it includes
 * @load:	Run
 * @file:	File, read
 *
 * Goes on after an error, to find those of other files.
 *
 * Return: 0, or -EBADMSG after errors
 */
static int expand(struct load *load, const struct open_file *file)
{
	const struct cfg_source *source = &file->source;
	const char *from = source->text;
	struct cfg_include include = {0};
	int result = 0;
	int found;

	piece_add(load, source->path, 1);
	while ((found = next_include(load, file, &include)) == 1) {
		append(load, from, (size_t)(include.at - from));
		append(load, "\n", 1);
		if (include_one(load, file, &include))
			result = -EBADMSG;
		if (load->include_cnt > CFGFILE_INCLUDE_MAX)
			return -EBADMSG;
		append(load, "\n", 1);
		piece_add(load, source->path, include.line);
		from = include.end;
	}
	append(load, from, strlen(from));
	return found ? found : result;
}

int cfgfile_load(struct cfgfile *file, const char *path, struct arena *arena,
		 struct diag *diag)
{
	struct load load = {.line = 1, .arena = arena, .diag = diag};
	struct open_file first = {.source.path = path, .depth = 1};
	struct stat st = {0};
	char *text = NULL;
	int err;

	*file = (struct cfgfile){0};
	if (!read_main(path, &text, diag))
		return -EBADMSG;
	first.source.text = text;
	if (stat(path, &st) == 0) {
		first.dev = st.st_dev;
		first.ino = st.st_ino;
	}
	strbuf_init(&load.text);
	err = expand(&load, &first);
	file_wipe(text, strlen(text));
	strbuf_add(&load.text, "", 0);
	if (!err && load.text.len > POLICY_LEN_MAX) {
		diag_error(diag, path, 0,
			   "is larger than %u bytes with what it includes, the "
			   "most a configuration may have",
			   POLICY_LEN_MAX);
		err = -EBADMSG;
	}
	file->text = load.text.text;
	file->source = (struct cfg_source){.text = file->text,
					   .path = path,
					   .pieces = load.pieces,
					   .piece_cnt = load.piece_cnt};
	return err;
}

void cfgfile_free(struct cfgfile *file)
{
	if (file->text)
		file_wipe(file->text, strlen(file->text));
	*file = (struct cfgfile){0};
}
