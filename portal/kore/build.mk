# keyfob-portal: Kore as a library of ours. Debian's sources of Kore are copied to $(BUILD)/kore,
# patched by patches/*.diff in their order, and compiled into the one binary.
#   KORE_SKIP=0003  leaves that patch out, to see its test in tests/e2e/kore.test.py fail
KORE_SRC ?= /usr/share/kore
KORE = $(BUILD)/kore
KORE_PATCHES = $(filter-out $(addprefix portal/kore/patches/,$(addsuffix -%,$(KORE_SKIP))),\
	$(sort $(wildcard portal/kore/patches/*.diff)))
KORE_C = accesslog auth buf config connection domain filemap fileref http json kore keymgr linux mem \
	module msg net pool runtime seccomp timer utils validator websocket worker
KORE_OBJ = $(KORE_C:%=$(BUILD)/o/kore/%.o) $(BUILD)/o/kore/version.o
# Kore's own warnings; it is written for an older OpenSSL.
KORE_CFLAGS = -std=c99 -pedantic -g -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DKORE_SINGLE_BINARY \
	-DPREFIX='"/usr"' -I$(KORE)/include/kore -I$(KORE)/gen -Wall -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wsign-compare -Wno-deprecated-declarations $(HARDEN)

$(KORE)/.patched: $(KORE_PATCHES) portal/kore/build.mk | $(BUILD)/.packages-build
	@$(if $(V),,echo "  patch kore$(if $(KORE_SKIP), without $(KORE_SKIP))")
	$(Q)rm -rf $(KORE) && mkdir -p $(KORE)/gen && cp -r $(KORE_SRC)/src $(KORE_SRC)/include $(KORE)
	$(Q)for p in $(KORE_PATCHES); do patch -s -p1 -d $(KORE) <$$p || exit 1; done
	$(Q)sh $(KORE_SRC)/misc/linux-platform.sh >$(KORE)/gen/platform.h
	$(Q)printf 'const char *kore_version = "%s";\n' "$$(cat $(KORE_SRC)/RELEASE)" >$(KORE)/src/version.c
	$(Q)touch $@
$(BUILD)/o/kore/%.o: $(KORE)/.patched
	@$(if $(V),,echo "  cc kore/$*.c")
	$(Q)mkdir -p $(@D); $(CC) $(KORE_CFLAGS) -c $(KORE)/src/$*.c -o $@

# Ours: what sees Kore's headers waits for them, and is compiled anew when they change.
CFLAGS_kore = -isystem $(KORE)/include -DKORE_SINGLE_BINARY
CFLAGS_http = $(CFLAGS_kore)
USES_kore = kore http core store saml view common
PKG_kore = libssl libcrypto
$(patsubst %.c,$(BUILD)/o/%.o,portal/main.c $(wildcard portal/kore/*.c portal/http/*.c)): $(KORE)/.patched
$(BUILD)/o/portal/main.o: CFLAGS += $(CFLAGS_kore)

# The route tables as C. $(call routes,OUT,COMMON,WEB,FEED)
KORE_CONF = portal/kore/common.conf portal/kore/web.conf portal/kore/feed.conf
$(BUILD)/gen/kore_routes.c: portal/kore/routes.awk $(KORE_CONF)
	$(Q)mkdir -p $(@D); awk -f $^ >$@.new && mv $@.new $@
$(BUILD)/o/gen/%_routes.o: $(BUILD)/gen/%_routes.c $(KORE)/.patched
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) $(CFLAGS_kore) -MMD -MP -c $< -o $@
GENOBJ_kore = $(BUILD)/o/gen/kore_routes.o

# -rdynamic: Kore finds handlers and hooks by their names.
link_portal = $(CC) $(LDFLAGS) -rdynamic -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call pkg_libs,$(USES_kore)) -ldl
$(BUILD)/keyfob-portal: $(BUILD)/o/portal/main.o $(KORE_OBJ) $(call libs,kore)
	@$(if $(V),,echo "  ld $@")
	$(Q)$(link_portal)

# The test bed: the same main, glue and toolbox with the routes of tests/e2e/kore/ (crash, spin,
# sleep ...) and without a store.
BED_C = portal/main.c $(wildcard portal/kore/*.c portal/http/web*.c) portal/http/health.c \
	portal/http/not_found.c portal/core/config.c portal/core/masterkey.c tests/e2e/kore/bed.c
$(BUILD)/gen/bed_routes.c: portal/kore/routes.awk portal/kore/common.conf tests/e2e/kore/web.conf \
		tests/e2e/kore/feed.conf
	$(Q)mkdir -p $(@D); awk -f $^ >$@.new && mv $@.new $@
$(BUILD)/o/tests/e2e/kore/bed.o: CFLAGS += $(CFLAGS_kore)
$(BUILD)/tests/kore_bed: $(BED_C:%.c=$(BUILD)/o/%.o) $(BUILD)/o/gen/bed_routes.o $(KORE_OBJ) \
		$(BUILD)/libview.a $(BUILD)/libcommon.a
	@$(if $(V),,echo "  ld $@")
	$(Q)mkdir -p $(@D); $(link_portal)
e2e test: $(BUILD)/tests/kore_bed
