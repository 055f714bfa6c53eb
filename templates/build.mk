# Templates and assets become C. The compiler runs on the machine that builds.
GEN = $(BUILD)/gen
TEMPLATE_SRC = $(sort $(wildcard templates/*.html templates/*.txt))
ASSET_SRC = $(sort $(wildcard assets/*.css assets/*.js assets/*.svg assets/*.png))
ICON_SRC = $(sort $(wildcard assets/icons/*.svg))
COMPILE_SRC = templates/compile.c templates/walk.c templates/context.c templates/embed.c \
	common/err.c common/secret.c common/span.c common/text.c
GENOBJ_view = $(BUILD)/o/gen/templates.o $(BUILD)/o/gen/assets.o

$(GEN)/compile: $(COMPILE_SRC) $(wildcard templates/*.h) | $(BUILD)/.packages-build
	@$(if $(V),,echo "  cc $@")
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(COMPILE_SRC) -lcrypto

$(GEN)/templates.c $(GEN)/templates.h $(GEN)/assets.c $(GEN)/assets.h &: $(GEN)/compile $(TEMPLATE_SRC) $(ASSET_SRC) $(ICON_SRC)
	@$(if $(V),,echo "  templates")
	$(Q)$(GEN)/compile $(GEN) assets/icons $(TEMPLATE_SRC) $(ASSET_SRC)

$(GENOBJ_view): $(BUILD)/o/gen/%.o: $(GEN)/%.c
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# whoever may include templates.h or assets.h waits for them
$(patsubst %.c,$(BUILD)/o/%.o,$(wildcard portal/view/*.c portal/http/*.c portal/mail/*.c portal/jobs/*.c portal/kore/*.c portal/*.c)): | $(GEN)/templates.h $(GEN)/assets.h
$(BUILD)/tests/test_template_compile: | $(GEN)/compile

# every page with sample data, for tests/e2e/view.test.mjs
$(BUILD)/tests/render_cli: tests/e2e/view/render_cli.c $(BUILD)/libview.a $(BUILD)/libcommon.a
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/libview.a $(BUILD)/libcommon.a -Wl,--end-group $(call pkg_libs,view common)
