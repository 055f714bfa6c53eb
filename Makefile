# Keyfob. `make` builds, `make run` shows it, `make test` proves it. See CONTRIBUTING.md.
#   SAN=1 any target with ASan and UBSan      BUILD=DIR another output folder      V=1 say what runs
BUILD ?= build
CC = gcc
AR = gcc-ar
Q = $(if $(V),,@)
VERSION = 0.1.0

# --- flags (STYLE 14) ---------------------------------------------------------------------------
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Walloca -Wformat=2 \
	-Wundef -Wnull-dereference -Wlogical-op -Wimplicit-fallthrough=5 -Wframe-larger-than=8192
HARDEN = -O2 -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
	-ftrivial-auto-var-init=zero -D_FORTIFY_SOURCE=3 -fPIE
ifdef SAN
override BUILD := $(BUILD)-san
HARDEN = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDSAN = -fsanitize=address,undefined
else
WARN += -Werror
endif
CFLAGS = -std=c17 -g -D_GNU_SOURCE -I. -I$(BUILD)/gen -DKEYFOB_VERSION='"$(VERSION)"' $(WARN) $(HARDEN)
LDFLAGS = $(LDSAN) -pie -Wl,-z,relro,-z,now

# --- layers: each folder is one static library; the arrows stand in ARCHITECTURE.md ----------------
LAYERS = common store core saml mail view jobs cli http kore agent
DIR_common = common common/match
DIR_agent = ap-agent ap-agent/radius
$(foreach l,store core saml mail view jobs cli http kore,$(eval DIR_$(l) = portal/$(l)))
# what a layer's code may call, itself first (link order)
USES_common = common
USES_store = store common
USES_core = core store common
USES_saml = saml common
USES_mail = mail common
USES_view = view common
USES_jobs = jobs core store view mail saml common
USES_cli = cli core store saml common
USES_http = http core store view saml common
USES_agent = agent common
# the Debian libraries behind each layer, by pkg-config name (- in front: a plain -l)
PKG_common = libcrypto
PKG_store = sqlite3
PKG_core = libcrypto
PKG_saml = lasso gobject-2.0 glib-2.0 libxml-2.0 xmlsec1 zlib
PKG_mail = -lesmtp libcurl libssl
PKG_view = libqrencode zlib
PKG_jobs = libcurl
PKG_http = jansson
PKG_agent = libcurl libmnl libnftnl -lpcap jansson

pkg_names = $(filter-out -l%,$(foreach l,$1,$(PKG_$l)))
pkg_cflags = $(if $(call pkg_names,$1),$(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(call pkg_names,$1))))
pkg_libs = $(filter -l%,$(foreach l,$1,$(PKG_$l))) $(shell pkg-config --libs $(call pkg_names,$1))
srcs = $(sort $(filter-out %/main.c,$(foreach d,$(DIR_$1),$(wildcard $d/*.c))))
libs = $(foreach l,$(USES_$1),$(BUILD)/lib$l.a)

.SUFFIXES:
.PRECIOUS: $(BUILD)/.packages-%
.PHONY: all build run test unit e2e sanitized wifi bench fuzz lint fmt install clean
all: build

# layer NAME: objects, library
define layer
OBJ_$1 = $$(patsubst %.c,$(BUILD)/o/%.o,$$(call srcs,$1)) $$(GENOBJ_$1)
$(BUILD)/lib$1.a: $$(OBJ_$1)
	$$(Q)mkdir -p $$(@D); rm -f $$@; $$(AR) rcs $$@ $$^
$$(patsubst %.c,$(BUILD)/o/%.o,$$(foreach d,$$(DIR_$1),$$(wildcard $$d/*.c))): CFLAGS += $$(call pkg_cflags,$1) $$(CFLAGS_$1)
endef
GENOBJ_view =
-include portal/kore/build.mk portal/store/build.mk templates/build.mk
$(foreach l,$(LAYERS),$(eval $(call layer,$l)))

$(BUILD)/o/%.o: %.c | $(BUILD)/.packages-build
	@$(if $(V),,echo "  cc $<")
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# --- programs -------------------------------------------------------------------------------------
# program NAME MAIN LAYER
define program
$(BUILD)/$1: $(BUILD)/o/$2.o $$(call libs,$3)
	@$$(if $$(V),,echo "  ld $$@")
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$< -Wl,--start-group $$(call libs,$3) -Wl,--end-group $$(call pkg_libs,$$(USES_$3))
$(BUILD)/o/$2.o: CFLAGS += $$(call pkg_cflags,$3)
endef
$(eval $(call program,keyfob-jobs,portal/jobs/main,jobs))
$(eval $(call program,keyfob,portal/cli/main,cli))
$(eval $(call program,keyfob-agent,ap-agent/main,agent))
PROGRAMS = keyfob-portal keyfob-jobs keyfob keyfob-agent
build: $(addprefix $(BUILD)/,$(PROGRAMS))

# --- packages: apt's by list, npm's by lock file -------------------------------------------------------
$(BUILD)/.packages-%: tests/packages.sh
	@mkdir -p $(BUILD); sh tests/packages.sh $*; touch $@
tests/e2e/node_modules: tests/e2e/package-lock.json | $(BUILD)/.packages-test
	$(Q)cd tests/e2e && PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-audit --no-fund
	@touch $@

# --- tests ---------------------------------------------------------------------------------------------
# tests/unit/test_X.c tests X.c and links X's layer and what that layer may call.
UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
home = $(firstword $(foreach l,$(LAYERS),$(if $(filter %/$1.c,$(call srcs,$l)),$l)) common)
define unit_test
$(BUILD)/tests/test_$1: tests/unit/test_$1.c tests/unit/tap.h $$(call libs,$$(call home,$1)) | $(BUILD)/.packages-build
	@$$(if $$(V),,echo "  test $1")
	$$(Q)mkdir -p $$(@D); $$(CC) $$(CFLAGS) $$(call pkg_cflags,$$(USES_$$(call home,$1))) -MMD -MP $$(LDFLAGS) -o $$@ $$< \
		-Wl,--start-group $$(call libs,$$(call home,$1)) -Wl,--end-group $$(call pkg_libs,$$(USES_$$(call home,$1)))
endef
$(foreach t,$(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c)),$(eval $(call unit_test,$t)))

unit: $(UNIT)
	$(Q)sh tests/tap.sh $(UNIT)
e2e: build tests/e2e/node_modules
	$(Q)BUILD=$(BUILD) sh tests/tap.sh $(sort $(wildcard tests/e2e/*.test.*))
test: build $(UNIT) tests/e2e/node_modules
	$(Q)BUILD=$(BUILD) sh tests/tap.sh $(UNIT) $(sort $(wildcard tests/e2e/*.test.*))
# what CI runs under the sanitizers: every unit test and one whole road
sanitized: build $(UNIT) tests/e2e/node_modules
	$(Q)BUILD=$(BUILD) sh tests/tap.sh $(UNIT) tests/e2e/road.test.mjs
run: build $(BUILD)/.packages-run
	$(Q)BUILD=$(BUILD) exec $(if $(filter 0,$(shell id -u)),,sudo -E) /usr/bin/python3 tests/demo/demo.py
wifi: build $(BUILD)/.packages-wifi
	$(Q)BUILD=$(BUILD) bash tests/wifi/run.sh

# --- fuzz: one libFuzzer target a parser, 60 s each ------------------------------------------------------
FUZZ_S ?= 60
FUZZ = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CFLAGS = -std=c17 -g -O1 -D_GNU_SOURCE -I. -I$(BUILD)/gen -DKEYFOB_VERSION='"$(VERSION)"' -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
# tests/fuzz/fuzz_X.c names in its first line what it is made of: "/* sources: a.c b.c; pkg: libcrypto */"
$(BUILD)/fuzz/%: tests/fuzz/fuzz_%.c | $(BUILD)/.packages-fuzz
	@echo "  fuzz $*"; mkdir -p $(@D)
	$(Q)clang-14 $(FUZZ_CFLAGS) $$(sed -n '1s/.*pkg:\([^*]*\)\*.*/pkg-config --cflags \1/p' $< | sh) -o $@ $< \
		$$(sed -n '1s/.*sources:\([^;]*\);.*/\1/p' $<) $$(sed -n '1s/.*pkg:\([^*]*\)\*.*/pkg-config --libs \1/p' $< | sh)
fuzz: $(addprefix $(BUILD)/fuzz/,$(FUZZ))
	$(Q)for f in $(FUZZ); do mkdir -p $(BUILD)/corpus/$$f; \
		$(BUILD)/fuzz/$$f -max_total_time=$(FUZZ_S) -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
		$(BUILD)/corpus/$$f $$(test -d tests/fuzz/seed_$$f && echo tests/fuzz/seed_$$f) 2>$(BUILD)/fuzz/$$f.log \
		|| { tail -30 $(BUILD)/fuzz/$$f.log; exit 1; }; \
		echo "fuzz $$f: $$(grep stat::number_of_executed_units $(BUILD)/fuzz/$$f.log)"; done

# --- figures ----------------------------------------------------------------------------------------------
BENCH = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))
$(BUILD)/bench/%: tests/bench/%.c $(call libs,agent)
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) $(call pkg_cflags,$(USES_agent)) $(LDFLAGS) -o $@ $< -Wl,--start-group $(call libs,agent) -Wl,--end-group $(call pkg_libs,$(USES_agent))
bench: $(BENCH)
	$(Q)for b in $(BENCH); do $$b || exit 1; done

# --- habits -------------------------------------------------------------------------------------------------
SOURCES = $(wildcard common/*.[ch] common/*/*.[ch] portal/*.[ch] portal/*/*.[ch] ap-agent/*.[ch] ap-agent/*/*.[ch] templates/*.[ch] tests/*/*.[ch])
lint: $(BUILD)/.packages-lint build
	$(Q)sh tests/lint/run.sh
fmt:
	$(Q)clang-format-14 -i $(SOURCES)

PREFIX ?= /usr/local
install: build
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/keyfob/migrations
	install $(BUILD)/keyfob-portal $(BUILD)/keyfob-jobs $(BUILD)/keyfob-agent $(DESTDIR)$(PREFIX)/sbin
	install $(BUILD)/keyfob $(DESTDIR)$(PREFIX)/bin
	install -m 644 migrations/*.sql $(DESTDIR)$(PREFIX)/share/keyfob/migrations
clean:
	rm -rf build build-san

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)

# the analyzer reads every product file once more; its findings are errors
ANALYZE = $(patsubst %,$(BUILD)/analyze/%,$(foreach l,$(LAYERS),$(call srcs,$l)))
define analyze_layer
$(patsubst %,$(BUILD)/analyze/%,$(call srcs,$1)): CFLAGS += $$(call pkg_cflags,$1) $$(CFLAGS_$1)
endef
$(foreach l,$(LAYERS),$(eval $(call analyze_layer,$l)))
$(BUILD)/analyze/%.c: %.c
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) -fanalyzer -c $< -o $@.o && touch $@
.PHONY: analyze
analyze: $(ANALYZE)
