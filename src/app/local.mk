# Sources and headers of src/app, linked into ofed-init only. One path a line, from the top folder.
app_sources = \
	src/app/cmd_bake.c \
	src/app/cmd_bundle.c \
	src/app/cmd_collect.c \
	src/app/cmd_hold.c \
	src/app/cmd_look.c \
	src/app/cmd_prefetch.c \
	src/app/cmd_report.c \
	src/app/cmd_run.c \
	src/app/cmd_status.c \
	src/app/cmd_uninstall.c \
	src/app/cmd_userdata.c \
	src/app/commands.h \
	src/app/forget.c src/app/forget.h \
	src/app/gate.c src/app/gate.h \
	src/app/lastrun.c src/app/lastrun.h \
	src/app/lines.c src/app/lines.h \
	src/app/machine.c src/app/machine.h \
	src/app/page.c src/app/page.h \
	src/app/prefetch.c src/app/prefetch.h \
	src/app/options.c src/app/options.h \
	src/app/reboot.c src/app/reboot.h \
	src/app/wait.c src/app/wait.h \
	src/app/witness.c src/app/witness.h
