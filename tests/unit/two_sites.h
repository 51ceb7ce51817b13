/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * two_sites.h - A cloud gateway with a site of one gateway and a site of two
 */

#ifndef TESTS_TWO_SITES_H
#define TESTS_TWO_SITES_H

/* edge-1's peers: two of bergen, one of oslo. */
enum {
	BERGEN_A,
	BERGEN_B,
	OSLO_A,
	PEER_CNT,
};

static const char policy_text[] =
	"version = 1;\n"
	"gateways = (\n"
	" { name = \"edge-1\"; role = \"cloud\"; address = \"100.64.0.1\"; },\n"
	" { name = \"oslo-a\"; role = \"site\"; site = \"oslo\";\n"
	"   address = \"100.64.0.11\"; relays = \"wss://h/oslo-a\"; },\n"
	" { name = \"bergen-a\"; role = \"site\"; site = \"bergen\";\n"
	"   address = \"100.64.0.12\"; relays = \"wss://h/bergen-a\"; },\n"
	" { name = \"bergen-b\"; role = \"site\"; site = \"bergen\";\n"
	"   address = \"100.64.0.13\"; relays = \"wss://h/bergen-b\"; } );\n"
	"sites = ( { name = \"oslo\"; networks = \"10.1.0.0/24\";\n"
	"  services = ( { name = \"web\"; public = \"tcp/80\";\n"
	"                 target = \"10.1.0.5:80\"; } ); },\n"
	" { name = \"bergen\"; networks = \"10.3.0.0/24\";\n"
	"  services = ( { name = \"www\"; public = \"tcp/81\";\n"
	"                 target = \"10.3.0.5:80\"; } ); } );\n";
static const char conf_text[] =
	"name = \"edge-1\"; policy = \"/p\";\n"
	"credentials = { key_name = \"k\"; key_file = \"/k\"; };\n";

#endif /* TESTS_TWO_SITES_H */
