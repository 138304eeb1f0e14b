# Sources and headers of src/base, in libpure.a. One path a line, from the top folder.
base_sources = \
	src/base/attr.h \
	src/base/buf.c src/base/buf.h \
	src/base/doc.c src/base/doc.h \
	src/base/doc_json.c \
	src/base/doc_yaml.c \
	src/base/err.c src/base/err.h \
	src/base/hash.c src/base/hash.h \
	src/base/log.c src/base/log.h \
	src/base/mem.c src/base/mem.h \
	src/base/suggest.c src/base/suggest.h \
	src/base/str.c src/base/str.h \
	src/base/strv.c src/base/strv.h \
	src/base/utf8.c src/base/utf8.h \
	src/base/url.c src/base/url.h \
	src/base/ver.c src/base/ver.h \
	src/base/yaml_scalar.c src/base/yaml_scalar.h
