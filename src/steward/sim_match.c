/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sim_match.c - What rules ask of a packet, and the answers
 */

#include "steward/sim_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * DOC: Theory of operation
 *
 * value_of() turns an expression into what is known of the packet there; is() asks
 * whether that is what the rule names: a word, a number, an address, a prefix, a
 * range, a list, a set.  nft leaves out what a question implies ("tcp dport"
 * needs TCP): a value that the packet has not is VALUE_ABSENT, and no question
 * about it is answered with yes, also not a negative one.
 */

#define PROTO_TCP4   6
#define PROTO_UDP4   17
#define PROTO_ICMP4  1
#define PROTO_ICMP6  58
#define CONCAT_MAX   8
#define SET_NAME_MAX 128

enum value_kind {
	VALUE_UNKNOWN,
	VALUE_ABSENT,
	VALUE_WORD,   /* @word, and maybe @number */
	VALUE_NUMBER, /* @number, where @known says so */
	VALUE_ADDR,
	VALUE_FLAGS, /* "ct status": of @number, those in @known */
};

struct value {
	enum value_kind kind;
	const char *word;
	uint32_t number;
	uint32_t known;
	struct ip_addr addr;
};

static const struct value unknown = {.kind = VALUE_UNKNOWN};
static const struct value absent = {.kind = VALUE_ABSENT};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static enum sim_tri negate(enum sim_tri tri)
{
	return tri == SIM_MAYBE ? SIM_MAYBE : tri == SIM_NO ? SIM_YES : SIM_NO;
}

static struct value word(const char *name)
{
	return name ? (struct value){.kind = VALUE_WORD, .word = name}
		    : unknown;
}

static struct value number(uint32_t n, uint32_t known)
{
	return (struct value){
		.kind = VALUE_NUMBER, .number = n & known, .known = known};
}

static struct value whole(int n)
{
	return n < 0 ? unknown : number((uint32_t)n, ~0u);
}

static struct value address(const struct ip_addr *addr)
{
	return addr->family == IP_NONE
		       ? unknown
		       : (struct value){.kind = VALUE_ADDR, .addr = *addr};
}

/** proto_value() - As a word and a number */
static struct value proto_value(uint8_t proto)
{
	const char *name = "?";

	if (proto == 0)
		return unknown;
	if (proto == PROTO_TCP4)
		name = "tcp";
	else if (proto == PROTO_UDP4)
		name = "udp";
	else if (proto == PROTO_ICMP4)
		name = "icmp";
	else if (proto == PROTO_ICMP6)
		name = "ipv6-icmp";
	return (struct value){.kind = VALUE_WORD,
			      .word = name,
			      .number = proto,
			      .known = ~0u};
}

/** meta_value() - "meta KEY" */
static struct value meta_value(const struct sim_packet *packet, const char *key)
{
	bool v4 = packet->family == IP_V4;

	if (!strcmp(key, "iifname") || !strcmp(key, "iif"))
		return word(packet->iif);
	if (!strcmp(key, "oifname") || !strcmp(key, "oif"))
		return word(packet->oif);
	if (!strcmp(key, "iifgroup"))
		return whole(packet->iifgroup);
	if (!strcmp(key, "oifgroup"))
		return whole(packet->oifgroup);
	if (!strcmp(key, "l4proto"))
		return proto_value(packet->proto);
	if (!strcmp(key, "nfproto"))
		return word(v4 ? "ipv4" : "ipv6");
	if (!strcmp(key, "protocol"))
		return word(v4 ? "ip" : "ip6");
	if (!strcmp(key, "mark"))
		return number(packet->mark, packet->mark_known);
	if (!strcmp(key, "pkttype"))
		return word("host");
	return unknown;
}

/** ct_value() - "ct KEY", maybe with a direction */
static struct value ct_value(const struct sim_packet *packet, const json_t *ct)
{
	const char *key = text(ct, "key");
	bool orig = !strcmp(text(ct, "dir"), "original");

	if (!strcmp(key, "state"))
		return word(packet->state);
	/* Without a flow there is nothing to ask. */
	if (packet->state && !strcmp(packet->state, SIM_UNTRACKED))
		return absent;
	if (!strcmp(key, "direction"))
		return word(packet->reply ? "reply" : "original");
	if (!strcmp(key, "status"))
		return (struct value){.kind = VALUE_FLAGS,
				      .number = packet->status,
				      .known = SIM_SNAT | SIM_DNAT};
	if (!strcmp(key, "mark"))
		return number(packet->ct_mark, packet->ct_mark_known);
	if (!strcmp(key, packet->family == IP_V4 ? "ip6 saddr" : "ip saddr") ||
	    !strcmp(key, packet->family == IP_V4 ? "ip6 daddr" : "ip daddr"))
		return absent;
	if (strstr(key, "saddr"))
		return address(orig ? &packet->orig_saddr
				    : &packet->reply_saddr);
	if (strstr(key, "daddr"))
		return address(orig ? &packet->orig_daddr
				    : &packet->reply_daddr);
	return unknown;
}

/** port_value() - "tcp dport", "th sport" */
static struct value port_value(const struct sim_packet *packet,
			       const char *proto, const char *field)
{
	bool th = !strcmp(proto, "th");

	if (packet->proto == 0)
		return unknown;
	if (!th &&
	    packet->proto != (!strcmp(proto, "tcp") ? PROTO_TCP4 : PROTO_UDP4))
		return absent;
	if (th && packet->proto != PROTO_TCP4 && packet->proto != PROTO_UDP4)
		return unknown;
	if (!strcmp(field, "dport"))
		return whole(packet->dport);
	if (!strcmp(field, "sport"))
		return whole(packet->sport);
	return unknown;
}

/** payload_value() - A field of a header */
static struct value payload_value(const struct sim_packet *packet,
				  const json_t *payload)
{
	const char *proto = text(payload, "protocol");
	const char *field = text(payload, "field");
	enum ip_family family = IP_NONE;

	if (!strcmp(proto, "ip") || !strcmp(proto, "icmp"))
		family = IP_V4;
	else if (!strcmp(proto, "ip6") || !strcmp(proto, "icmpv6"))
		family = IP_V6;
	if (family != IP_NONE && packet->family != family)
		return absent;
	if (!strcmp(proto, "ip") || !strcmp(proto, "ip6")) {
		if (!strcmp(field, "saddr"))
			return address(&packet->saddr);
		if (!strcmp(field, "daddr"))
			return address(&packet->daddr);
		if (!strcmp(field, "protocol") || !strcmp(field, "nexthdr"))
			return proto_value(packet->proto);
		return unknown;
	}
	if (!strcmp(proto, "icmp") || !strcmp(proto, "icmpv6")) {
		if (packet->proto != 0 && packet->proto != PROTO_ICMP4 &&
		    packet->proto != PROTO_ICMP6)
			return absent;
		return !strcmp(field, "type") ? word(packet->icmp_type)
					      : unknown;
	}
	if (!strcmp(proto, "tcp") || !strcmp(proto, "udp") ||
	    !strcmp(proto, "th"))
		return port_value(packet, proto, field);
	return unknown;
}

/** fib_value() - "fib daddr type" */
static struct value fib_value(const struct sim_packet *packet,
			      const json_t *fib)
{
	const json_t *flags = json_object_get(fib, "flags");
	const char *flag = json_string_value(json_array_get(flags, 0));

	if (strcmp(text(fib, "result"), "type") != 0 || !flag ||
	    strcmp(flag, "daddr") != 0 || packet->local < 0)
		return unknown;
	return word(packet->local ? "local" : "unicast");
}

static struct value value_of(const struct sim_scope *scope,
			     const struct sim_packet *packet,
			     const json_t *expr);

/** binary_value() - "a & b", "a | b", "a ^ b" of numbers */
static struct value binary_value(const struct sim_scope *scope,
				 const struct sim_packet *packet, char op,
				 const json_t *operands)
{
	struct value a = value_of(scope, packet, json_array_get(operands, 0));
	struct value b = value_of(scope, packet, json_array_get(operands, 1));
	uint32_t both = a.known & b.known;

	if (a.kind == VALUE_ABSENT || b.kind == VALUE_ABSENT)
		return absent;
	if (a.kind != VALUE_NUMBER || b.kind != VALUE_NUMBER)
		return unknown;
	switch (op) {
	case '&':
		/* A 0 that is known decides alone. */
		return number(a.number & b.number,
			      both | (a.known & ~a.number) |
				      (b.known & ~b.number));
	case '|':
		return number(a.number | b.number, both | a.number | b.number);
	default:
		return number(a.number ^ b.number, both);
	}
}

/** value_of() - What is known of the packet there */
static struct value value_of(const struct sim_scope *scope,
			     const struct sim_packet *packet,
			     const json_t *expr)
{
	static const char *const ops[] = {"&", "|", "^"};
	const json_t *inner;
	size_t i;

	if (json_is_integer(expr))
		return number((uint32_t)json_integer_value(expr), ~0u);
	inner = json_object_get(expr, "meta");
	if (inner)
		return meta_value(packet, text(inner, "key"));
	inner = json_object_get(expr, "ct");
	if (inner)
		return ct_value(packet, inner);
	inner = json_object_get(expr, "payload");
	if (inner)
		return payload_value(packet, inner);
	inner = json_object_get(expr, "fib");
	if (inner)
		return fib_value(packet, inner);
	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		inner = json_object_get(expr, ops[i]);
		if (inner)
			return binary_value(scope, packet, ops[i][0], inner);
	}
	return unknown;
}

/** is_word() - Words of nft, and names of interfaces with a "*" at the end */
static enum sim_tri is_word(const struct value *value, const json_t *pattern)
{
	const char *wanted = json_string_value(pattern);
	size_t len;

	if (!wanted)
		return json_is_integer(pattern) && value->known
			       ? json_integer_value(pattern) == value->number
			       : SIM_NO;
	len = strlen(wanted);
	if (len > 1 && wanted[len - 1] == '*')
		return strncmp(value->word, wanted, len - 1) == 0;
	return strcmp(value->word, wanted) == 0;
}

/** is_number() - Equal, in a range, or under a prefix */
static enum sim_tri is_number(const struct value *value, const json_t *pattern)
{
	const json_t *range = json_object_get(pattern, "range");
	const json_t *prefix = json_object_get(pattern, "prefix");
	uint32_t wanted;
	uint32_t mask = ~0u;

	if (range) {
		if (value->known != ~0u)
			return SIM_MAYBE;
		return value->number >=
			       json_integer_value(json_array_get(range, 0)) &&
		       value->number <=
			       json_integer_value(json_array_get(range, 1));
	}
	if (prefix) {
		json_int_t len =
			json_integer_value(json_object_get(prefix, "len"));

		mask = len > 0 && len <= 32 ? ~0u << (32 - len) : 0;
		pattern = json_object_get(prefix, "addr");
	}
	if (!json_is_integer(pattern))
		return SIM_MAYBE;
	wanted = (uint32_t)json_integer_value(pattern);
	if ((value->number ^ wanted) & value->known & mask)
		return SIM_NO;
	return mask & ~value->known ? SIM_MAYBE : SIM_YES;
}

/** to_prefix() - "10.1.0.0" or {"prefix": ...}; Return: whether it is one */
static bool to_prefix(const json_t *pattern, struct ip_prefix *prefix)
{
	const json_t *inner = json_object_get(pattern, "prefix");
	const char *addr = json_string_value(
		inner ? json_object_get(inner, "addr") : pattern);

	if (!addr || ip_addr_parse(addr, &prefix->addr))
		return false;
	*prefix = ip_prefix_of(&prefix->addr);
	if (inner)
		prefix->len = (uint8_t)json_integer_value(
			json_object_get(inner, "len"));
	return true;
}

/** is_addr() - Equal, in a prefix, in a range */
static enum sim_tri is_addr(const struct value *value, const json_t *pattern)
{
	const json_t *range = json_object_get(pattern, "range");
	struct ip_prefix prefix;
	struct ip_prefix last;

	if (range)
		return to_prefix(json_array_get(range, 0), &prefix) &&
		       to_prefix(json_array_get(range, 1), &last) &&
		       prefix.addr.family == value->addr.family &&
		       ip_addr_compare(&value->addr, &prefix.addr) >= 0 &&
		       ip_addr_compare(&value->addr, &last.addr) <= 0;
	return to_prefix(pattern, &prefix) &&
	       ip_prefix_contains(&prefix, &value->addr);
}

/** is_flag() - One of "ct status" */
static enum sim_tri is_flag(const struct value *value, const json_t *pattern)
{
	const char *wanted = json_string_value(pattern);
	unsigned int bit = 0;

	if (wanted && !strcmp(wanted, "dnat"))
		bit = SIM_DNAT;
	else if (wanted && !strcmp(wanted, "snat"))
		bit = SIM_SNAT;
	if (!bit)
		return SIM_MAYBE;
	return (value->number & bit) != 0;
}

/** is() - Is a value what a pattern that is no list names? */
static enum sim_tri is(const struct value *value, const json_t *pattern)
{
	switch (value->kind) {
	case VALUE_ABSENT:
		return SIM_NO;
	case VALUE_WORD:
		return is_word(value, pattern);
	case VALUE_NUMBER:
		return is_number(value, pattern);
	case VALUE_ADDR:
		return is_addr(value, pattern);
	case VALUE_FLAGS:
		return is_flag(value, pattern);
	case VALUE_UNKNOWN:
		break;
	}
	return SIM_MAYBE;
}

/** struct key - One value, or several of a concatenation */
struct key {
	struct value values[CONCAT_MAX];
	size_t cnt;
};

/** key_of() - The values that an expression asks for */
static struct key key_of(const struct sim_scope *scope,
			 const struct sim_packet *packet, const json_t *expr)
{
	const json_t *concat = json_object_get(expr, "concat");
	struct key key = {.cnt = 1};
	size_t i;

	if (!concat) {
		key.values[0] = value_of(scope, packet, expr);
		return key;
	}
	key.cnt = json_array_size(concat);
	if (key.cnt > CONCAT_MAX) {
		key.cnt = 1;
		key.values[0] = unknown;
		return key;
	}
	for (i = 0; i < key.cnt; i++)
		key.values[i] =
			value_of(scope, packet, json_array_get(concat, i));
	return key;
}

/** is_absent() - Has the packet not what is asked for? */
static bool is_absent(const struct key *key)
{
	size_t i;

	for (i = 0; i < key->cnt; i++) {
		if (key->values[i].kind == VALUE_ABSENT)
			return true;
	}
	return false;
}

/** is_element() - Is a key this element of a set? */
static enum sim_tri is_element(const struct key *key, const json_t *element)
{
	const json_t *wrapped = json_object_get(element, "elem");
	const json_t *concat;
	enum sim_tri all = SIM_YES;
	size_t i;

	if (wrapped)
		element = json_object_get(wrapped, "val");
	concat = json_object_get(element, "concat");
	if (!concat)
		return key->cnt == 1 ? is(&key->values[0], element) : SIM_MAYBE;
	if (json_array_size(concat) != key->cnt)
		return SIM_MAYBE;
	for (i = 0; i < key->cnt; i++) {
		enum sim_tri one =
			is(&key->values[i], json_array_get(concat, i));

		if (one == SIM_NO)
			return SIM_NO;
		if (one == SIM_MAYBE)
			all = SIM_MAYBE;
	}
	return all;
}

/** elements_of() - The list behind "@name", {"set": [...]} or [...]; NULL: it is
 *  not there.  A set without any is an empty one */
static const json_t *elements_of(const struct sim_scope *scope,
				 const json_t *data, bool *is_list)
{
	const char *name = json_string_value(data);
	char key[SIM_KEY_SIZE];
	const json_t *set;

	*is_list = true;
	if (json_is_array(data))
		return data;
	if (json_object_get(data, "set"))
		return json_object_get(data, "set");
	if (!name || name[0] != '@') {
		*is_list = false;
		return NULL;
	}
	snprintf(key, sizeof(key), "%s %s %s", scope->family, scope->table,
		 name + 1);
	set = json_object_get(scope->sim->sets, key);
	return json_object_get(set, "elem");
}

/** is_one_of() - Is a key among the elements? */
static enum sim_tri is_one_of(const struct key *key, const json_t *elements)
{
	enum sim_tri any = SIM_NO;
	size_t i;

	for (i = 0; i < json_array_size(elements); i++) {
		enum sim_tri one = is_element(key, json_array_get(elements, i));

		if (one == SIM_YES)
			return SIM_YES;
		if (one == SIM_MAYBE)
			any = SIM_MAYBE;
	}
	return any;
}

enum sim_tri sim_match(const struct sim_scope *scope,
		       const struct sim_packet *packet, const json_t *stmt)
{
	const json_t *right = json_object_get(stmt, "right");
	const char *op = text(stmt, "op");
	struct key key = key_of(scope, packet, json_object_get(stmt, "left"));
	enum sim_tri match;
	const json_t *list;
	bool is_list;

	if (is_absent(&key))
		return SIM_NO;
	list = elements_of(scope, right, &is_list);
	if (is_list)
		match = is_one_of(&key, list);
	else
		match = is_element(&key, right);
	if (!strcmp(op, "!="))
		return negate(match);
	return !strcmp(op, "==") || !strcmp(op, "in") ? match : SIM_MAYBE;
}

const json_t *sim_lookup(const struct sim_scope *scope,
			 const struct sim_packet *packet, const json_t *key,
			 const json_t *data, enum sim_tri *found)
{
	struct key asked = key_of(scope, packet, key);
	bool is_list;
	const json_t *elements = elements_of(scope, data, &is_list);
	size_t i;

	*found = is_absent(&asked) ? SIM_NO : (is_list ? SIM_NO : SIM_MAYBE);
	for (i = 0; i < json_array_size(elements) && !is_absent(&asked); i++) {
		const json_t *pair = json_array_get(elements, i);
		enum sim_tri one = is_element(&asked, json_array_get(pair, 0));

		if (one == SIM_YES && *found == SIM_NO) {
			*found = SIM_YES;
			return json_array_get(pair, 1);
		}
		if (one != SIM_NO)
			*found = SIM_MAYBE;
	}
	return NULL;
}

uint32_t sim_number(const struct sim_scope *scope,
		    const struct sim_packet *packet, const json_t *expr,
		    uint32_t *known)
{
	struct value value = value_of(scope, packet, expr);

	*known = value.kind == VALUE_NUMBER ? value.known : 0;
	return value.number;
}

/** move_prefix() - The address at the same place of another prefix */
static void move_prefix(struct ip_addr *addr, const struct ip_prefix *to)
{
	size_t bits = to->len;
	size_t i;

	for (i = 0; i < ip_addr_len(addr->family); i++) {
		uint8_t mask =
			bits >= 8 ? 0xff : (uint8_t)(0xff00u >> bits & 0xffu);

		addr->bytes[i] = (uint8_t)((to->addr.bytes[i] & mask) |
					   (addr->bytes[i] & ~mask));
		bits = bits >= 8 ? bits - 8 : 0;
	}
}

/**
 * nat_port() - Where the port leads: a number, or what a map has
 *
 * Return: false when a map has nothing
 */
static bool nat_port(const struct sim_scope *scope,
		     const struct sim_packet *packet, const json_t *to,
		     int *port)
{
	const json_t *map = json_object_get(to, "map");
	enum sim_tri found = SIM_YES;

	if (map)
		to = sim_lookup(scope, packet, json_object_get(map, "key"),
				json_object_get(map, "data"), &found);
	*port = json_is_integer(to) ? (int)json_integer_value(to) : -1;
	return found != SIM_NO;
}

enum sim_tri sim_nat_target(const struct sim_scope *scope,
			    const struct sim_packet *packet, const json_t *stmt,
			    struct ip_addr *addr, int *port)
{
	const json_t *to = json_object_get(stmt, "addr");
	const json_t *map = json_object_get(to, "map");
	const json_t *concat;
	struct ip_prefix prefix;
	bool moves = !strcmp(text(stmt, "type_flags"), "prefix") ||
		     !strcmp(text(stmt, "flags"), "netmap");
	enum sim_tri found;

	if (!nat_port(scope, packet, json_object_get(stmt, "port"), port))
		return SIM_NO;
	if (map) {
		to = sim_lookup(scope, packet, json_object_get(map, "key"),
				json_object_get(map, "data"), &found);
		if (found != SIM_YES)
			return found;
	}
	concat = json_object_get(to, "concat");
	if (concat) {
		*port = (int)json_integer_value(json_array_get(concat, 1));
		to = json_array_get(concat, 0);
	}
	if (to && to_prefix(to, &prefix)) {
		if (prefix.len == 8 * ip_addr_len(prefix.addr.family))
			*addr = prefix.addr;
		else if (moves && addr->family == prefix.addr.family)
			move_prefix(addr, &prefix);
		else
			*addr = (struct ip_addr){.family = IP_NONE};
		return SIM_YES;
	}
	*addr = (struct ip_addr){.family = IP_NONE};
	return to ? SIM_YES : SIM_MAYBE;
}
