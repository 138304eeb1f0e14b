# Sources and headers of src/model, in libpure.a. One path a line, from the top folder.
model_sources = \
	src/model/catalog.c src/model/catalog.h \
	src/model/catalog_builtin.h \
	src/model/catalog_rows.c src/model/catalog_rows.h \
	src/model/catalog_table.c src/model/catalog_table.h \
	src/model/codes.def \
	src/model/config.c src/model/config.h \
	src/model/config_check.c src/model/config_fault.c src/model/config_fault.h \
	src/model/config_keys.c src/model/config_keys.h \
	src/model/config_schema.c \
	src/model/holder.c src/model/holder.h \
	src/model/kernel_range.c \
	src/model/kernel_range.h \
	src/model/manager.c src/model/manager.h \
	src/model/facts.c src/model/facts.h \
	src/model/rdma_modules.c src/model/rdma_modules.h \
	src/model/reasons.c src/model/reasons.h \
	src/model/reporting.c src/model/reporting.h \
	src/model/verdict.c src/model/verdict.h
