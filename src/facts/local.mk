# Sources and headers of src/facts, in libhost.a. One path a line, from the top folder.
facts_sources = \
	src/facts/baked.c \
	src/facts/disk.c \
	src/facts/dmi.c \
	src/facts/doubt.c \
	src/facts/doubt.h \
	src/facts/gather.c \
	src/facts/gather.h \
	src/facts/holders.c \
	src/facts/hyperv.c \
	src/facts/installed.c \
	src/facts/kernel.c \
	src/facts/look.h \
	src/facts/os.c \
	src/facts/pci.c \
	src/facts/rdma.c \
	src/facts/repositories.c \
	src/facts/security.c \
	src/facts/stanza.c \
	src/facts/stanza.h \
	src/facts/stanza_block.c \
	src/facts/stanza_lost.c \
	src/facts/stanza_named.c \
	src/facts/stanza_places.h \
	src/facts/stanza_text.c \
	src/facts/stanza_text.h \
	src/facts/userdata.c \
	src/facts/userdata.h \
	src/facts/uses.c \
	src/facts/vm.c \
	src/facts/wait.c
