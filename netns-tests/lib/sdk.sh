# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sdk.sh - Microsoft's SDKs (tests/sdk) in the namespaces
#
# For tests that source it after lib.sh.  A relay at relay.test serves the path
# "hyco" and "a2" (which hyco-https' own tests use), with the rule "root".

# sdk_up: install the SDKs, or skip; a relay with a rule for them
sdk_up() {
	local code=0
	SDK=$("$TOP/tests/sdk/install.sh" 2>"$DIR/log/sdk-install.log") ||
		code=$?
	[ "$code" != "$SKIPPED" ] ||
		skip "$(sed 's/^skip: //' "$DIR/log/sdk-install.log")"
	[ "$code" = 0 ] || fail "the SDKs cannot be installed"
	topo_up
	certificate relay DNS:relay.test,IP:192.0.2.1
	make_key root
	write_sdk_relay
	relay_up
}

# write_sdk_relay: relay.cfg
write_sdk_relay() {
	cat >"$DIR/relay.cfg" <<-END
		listen = "192.0.2.1:443";
		public = "wss://relay.test";
		tls    = { certificate = "$DIR/tls/relay.pem";
		           key         = "$DIR/tls/relay.key"; };
		status = { socket = "$DIR/run/relay.sock"; };
		user   = "nobody";
		keys   = ( { name = "root"; key_file = "$DIR/root.key";
		             rights = [ "manage" ]; } );
		connections = ( { path = "hyco"; }, { path = "a2"; } );
		limits = { handshakes = 0; };
	END
}

# sdk_env: what the SDKs' programs know of the relay
sdk_env() {
	echo "SB_HC_NAMESPACE=relay.test" "SB_HC_PATH=${SDK_PATH:-hyco}" \
		"SB_HC_KEYRULE=root" "SB_HC_KEY=$(cat "$DIR/root.key")" \
		"NODE_EXTRA_CA_CERTS=$DIR/tls/ca.pem"
}

# sdk WHERE SCRIPT ARGUMENT...: run it there, for at most two minutes
sdk() {
	local where=$1
	shift
	# shellcheck disable=SC2046 # words on purpose; none has a blank
	(cd "$SDK" && at "$where" timeout -k 5 120 env $(sdk_env) node "$@")
}

# sdk_spawn WHERE NAME SCRIPT ARGUMENT...: the same in the background
sdk_spawn() {
	local where=$1 name=$2
	shift 2
	# shellcheck disable=SC2046
	(cd "$SDK" && spawn "$where" "$name" env $(sdk_env) node "$@")
}
