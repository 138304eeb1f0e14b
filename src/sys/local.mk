# Sources and headers of src/sys, in libhost.a. One path a line, from the top folder.
sys_sources =
sys_sources += src/sys/boot.c src/sys/boot.h src/sys/clock.c src/sys/clock.h src/sys/host.h \
	src/sys/pcibus.c src/sys/pcibus.h \
	src/sys/rdma.c src/sys/rdma.h \
	src/sys/root.c src/sys/root.h \
	src/sys/uevent.c src/sys/uevent.h
sys_sources += src/sys/subreaper.c src/sys/subreaper.h src/sys/child_output.c src/sys/child_output.h \
	src/sys/lock.c src/sys/lock.h src/sys/run.c src/sys/run.h src/sys/tools.c src/sys/tools.h
sys_sources += src/sys/background.c src/sys/background.h
sys_sources += src/sys/supervisor.c src/sys/supervisor.h
sys_sources += src/sys/systemd.c src/sys/systemd.h
sys_sources += src/sys/fetcher.c src/sys/fetcher.h
sys_sources += src/sys/owner.c src/sys/owner.h src/sys/trust.c src/sys/trust.h
sys_sources += src/sys/outbox.c src/sys/outbox.h
sys_sources += src/sys/mnt.c src/sys/mnt.h
sys_sources += src/sys/activity.c src/sys/activity.h
sys_sources += src/sys/notify.c src/sys/notify.h src/sys/progress.c src/sys/progress.h \
	src/sys/terminal.c src/sys/terminal.h
sys_sources += src/sys/kmods.c src/sys/kmods.h src/sys/kmod_info.c src/sys/kmod_build.c
sys_sources += src/sys/loaded.c src/sys/loaded.h
sys_sources += src/sys/keyfile.c src/sys/keyfile.h src/sys/openib.c src/sys/openib.h
sys_sources += src/sys/buildid.c src/sys/buildid.h
sys_sources += src/sys/net.c src/sys/net.h
sys_sources += src/sys/imageroot.c src/sys/imageroot.h
