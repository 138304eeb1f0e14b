# Sources and headers of src/fetch but its main.c, in libfetch.a. One path a line, from the top folder.
fetch_sources = \
	src/fetch/protocol_answer.c \
	src/fetch/source_health.c src/fetch/source_health.h \
	src/fetch/archive.c src/fetch/archive.h \
	src/fetch/seccomp.c src/fetch/seccomp.h \
	src/fetch/crypto.c src/fetch/digest.h src/fetch/keypair.h src/fetch/signature.h \
	src/fetch/download.c src/fetch/download.h \
	src/fetch/landlock.c src/fetch/landlock.h \
	src/fetch/gunzip.c src/fetch/gunzip.h src/fetch/inflate_zlib.c \
	src/fetch/headers.c src/fetch/headers.h \
	src/fetch/identity.c src/fetch/identity.h \
	src/fetch/sidecar.c src/fetch/sidecar.h \
	src/fetch/localfile.c src/fetch/localfile.h \
	src/fetch/metadata.c src/fetch/metadata.h \
	src/fetch/onepass.c src/fetch/onepass.h \
	src/fetch/protocol.h \
	src/fetch/resume.c src/fetch/resume.h \
	src/fetch/record.c src/fetch/record.h \
	src/fetch/protocol_request.c \
	src/fetch/retry.c src/fetch/retry.h \
	src/fetch/ring.c src/fetch/ring.h \
	src/fetch/sandbox.c src/fetch/sandbox.h \
	src/fetch/source.c src/fetch/source.h \
	src/fetch/staged.c src/fetch/staged.h \
	src/fetch/staged_find.c src/fetch/staged_find.h \
	src/fetch/stream.c src/fetch/stream.h \
	src/fetch/transfer.c src/fetch/transfer.h \
	src/fetch/tree.c src/fetch/tree.h \
	src/fetch/unpack.c src/fetch/unpack.h \
	src/fetch/upload.c src/fetch/upload.h \
	src/fetch/url.c src/fetch/url.h
if WITH_ISAL
fetch_sources += src/fetch/inflate_isal.c
endif
