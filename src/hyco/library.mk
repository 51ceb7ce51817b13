# libhyco, static and shared: the public functions, and hidden behind them what
# they need of base and codec.  Its number changes when a program that was built
# against an older one would break.

HYCO_ABI := 0
HYCO_SRC := $(wildcard src/hyco/*.c) src/base/addr.c \
	$(addprefix src/codec/,http.c text.c ws.c)
HYCO_OBJ := $(patsubst %.c,$(B)/pic/%.o,$(HYCO_SRC))
HYCO_LIB := $(B)/lib/libhyco.a $(B)/lib/libhyco.so.$(HYCO_ABI) \
	$(B)/lib/hyco.pc

.PHONY: library
library: $(HYCO_LIB)

$(B)/pic/%.o: %.c Makefile src/hyco/library.mk
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC -c -o $@ $<

$(B)/lib/libhyco.a: $(HYCO_OBJ)
	@mkdir -p $(@D) && rm -f $@
	$(LD) -r -o $(B)/lib/hyco.o $^
	objcopy --wildcard --keep-global-symbol='hyco_*' $(B)/lib/hyco.o
	$(AR) rcs $@ $(B)/lib/hyco.o

$(B)/lib/libhyco.so.$(HYCO_ABI): $(HYCO_OBJ) src/hyco/libhyco.map
	@mkdir -p $(@D)
	$(CC) -shared -o $@ $(HYCO_OBJ) $(LDFLAGS) \
		$(if $(SAN),-fsanitize=$(SAN),-Wl$(comma)-z$(comma)defs) \
		-Wl,-soname,libhyco.so.$(HYCO_ABI) \
		-Wl,--version-script=src/hyco/libhyco.map \
		-Wl,-z,relro,-z,now,-z,noexecstack -ljansson -lmbedcrypto

$(B)/lib/hyco.pc: src/hyco/hyco.pc.in Makefile
	@mkdir -p $(@D)
	sed 's|@VERSION@|$(VERSION)|' $< >$@

-include $(HYCO_OBJ:.o=.d)
