# relaytun - one Makefile, objects in build/
#
#   make build      the programs, in build/bin and build/libexec/relaytun
#   sudo make demo  the whole way in namespaces of this machine
#   sudo make check the tests; check-all adds the long ones
#   SAN=address,undefined (or thread) builds into a folder of its own; SAN=1 is
#   the former, and with check-all means whole systems built with sanitizers

VERSION	:= 0.1.0
SAN	?=
PREFIX	?= /usr
SYSCONF	?= /etc
DESTDIR	?=
CC	:= $(if $(filter default,$(origin CC)),gcc,$(CC))
comma	:= ,
ifeq ($(SAN),1)
override SAN := address,undefined
endif
B	:= build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

# gcc 12 gives false -Wconversion warnings under the sanitizers.
WARN	:= -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wvla -Wformat=2 -Wundef $(if $(SAN),,-Wconversion) \
	$(if $(CI)$(WERROR),-Werror)
HARDEN	:= -fPIE -fstack-protector-strong -fstack-clash-protection \
	$(if $(SAN),,-D_FORTIFY_SOURCE=3)
CFLAGS	?= -O2 -g
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DRELAYTUN_VERSION='"$(VERSION)"' \
	-DRELAYTUN_SYSCONF='"$(SYSCONF)"' \
	-iquote src -Iinclude -isystem /usr/include/libnl3 $(CFLAGS) $(WARN) $(HARDEN) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all) -pthread -MMD -MP
ALL_LDFLAGS := $(LDFLAGS) -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN))

# Layers, lowest first: who may include whom is held by tests/check-layers.sh.
LAYERS	:= base codec policy hyco sys steward carrier relay cmd
MAINS	:= src/main.c src/steward/main.c src/steward/show_main.c src/carrier/main.c src/relay/main.c \
	src/cmd/keys_main.c
SRC	:= $(foreach l,$(LAYERS),$(wildcard src/$(l)/*.c))
OBJ	:= $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(MAINS),$(SRC)))
LIB	:= $(B)/librelaytun.a

LIBEXEC	:= $(B)/libexec/relaytun
PROGRAMS := $(B)/bin/relaytun $(LIBEXEC)/relaytun-steward \
	$(LIBEXEC)/relaytun-show \
	$(LIBEXEC)/relaytun-carrier $(LIBEXEC)/relaytun-relay \
	$(LIBEXEC)/relaytun-keys
# An Apache-2.0 library and GPL-2.0-only libnftables never meet in one program.
LIBS_relaytun		:= -lconfig -ljansson
LIBS_relaytun-steward	:= -lnftables -ljansson -lnl-route-3 -lnl-3 -lconfig -lcap
LIBS_relaytun-show	:= -lnftables -ljansson -lnl-route-3 -lnl-3 -lconfig -lcap
LIBS_relaytun-carrier	:= -lcurl -lssl -lcrypto -ljansson -lconfig -lmbedcrypto \
	-lseccomp
LIBS_relaytun-relay	:= -lwebsockets -ljansson -lconfig -lssl -lcrypto \
	-lmbedx509 -lmbedcrypto -lseccomp
LIBS_relaytun-keys	:= -lmbedcrypto -ljansson
LIBS_ALL := $(sort $(foreach p,$(PROGRAMS),$(LIBS_$(notdir $(p)))))

TESTS	:= $(patsubst %.c,$(B)/tests/%,\
	$(notdir $(wildcard tests/unit/test_*.c tests/platform/test_*.c)))
FUZZERS	:= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all build deps check check-unit check-netns check-all demo bench \
	tests fuzz lint format format-check install clean
all: build
build: $(PROGRAMS)

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# What names files below SYSCONF is built anew when that is another.
$(shell mkdir -p $(B); echo '$(SYSCONF)' | cmp -s - $(B)/sysconf || \
	echo '$(SYSCONF)' >$(B)/sysconf)
$(patsubst %,$(B)/obj/src/%.o,policy/gateway_conf steward/main steward/show_main relay/main \
	cmd/cmd_check cmd/cmd_status): $(B)/sysconf

$(LIB): $(OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/bin/relaytun: $(B)/obj/src/main.o $(LIB)
$(LIBEXEC)/relaytun-steward: $(B)/obj/src/steward/main.o $(LIB)
$(LIBEXEC)/relaytun-show: $(B)/obj/src/steward/show_main.o $(LIB)
$(LIBEXEC)/relaytun-carrier: $(B)/obj/src/carrier/main.o $(LIB)
$(LIBEXEC)/relaytun-relay: $(B)/obj/src/relay/main.o $(LIB)
$(LIBEXEC)/relaytun-keys: $(B)/obj/src/cmd/keys_main.o $(LIB)
$(PROGRAMS):
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_$(@F))

$(B)/tests/%: $(B)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_ALL) -lcmocka
$(B)/tests/%: $(B)/obj/tests/platform/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_ALL) -lcmocka
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay_main.o $(LIB)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_ALL)
tests: $(TESTS) $(FUZZERS)

include src/hyco/library.mk

deps:
	@tests/deps.sh
check: deps
	@tests/run all
check-unit: deps
	@tests/run unit
check-netns: deps
	@tests/run netns
check-all: deps
	@$(if $(SAN),env -u SAN -u MAKEFLAGS -u MFLAGS tests/run san,tests/run long)
demo: deps
	@netns-tests/demo
bench: deps build
	@netns-tests/bench/run

C_FILES := $(wildcard src/*.c src/*/*.[ch] include/hyco/*.h tests/*/*.[ch] \
	docs/examples/*.[ch])
format:
	clang-format -i $(C_FILES)
format-check:
	clang-format --dry-run -Werror $(C_FILES)
lint:
	@tests/lint.sh

install: build library
	@tests/install.sh "$(DESTDIR)" "$(PREFIX)" "$(SYSCONF)" "$(B)"
clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
