# The migrations become part of every program that opens the database.
$(BUILD)/gen/migrations.c: portal/store/embed.sh $(wildcard migrations/*.sql)
	$(Q)mkdir -p $(@D); sh $< $(filter %.sql,$^) >$@.tmp && mv $@.tmp $@
$(BUILD)/o/gen/migrations.o: $(BUILD)/gen/migrations.c portal/store/migrations.h
	$(Q)mkdir -p $(@D); $(CC) $(CFLAGS) -MMD -MP -c $< -o $@
GENOBJ_store = $(BUILD)/o/gen/migrations.o
