/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/witness.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "decide/decide.h"
#include "report/record.h"
#include "report/sinks.h"
#include "report/webhook.h"
#include "sys/clock.h"

/* Of the parent's death; and this often it is looked for, too. */
#define NEWS SIGUSR1
#define LOOK_S 1

struct watch {
	pid_t run;
	struct oi_machine *machine;
	const struct oi_run_record *record;
	struct oi_lock *lock;
};

/* Whoever ends all processes of a service or a machine ends this one as well, a moment later. */
static const int deaf_to[] = { SIGINT, SIGTERM, SIGHUP };

static void wait_for_end(pid_t run)
{
	const struct timespec look = { .tv_sec = LOOK_S };
	sigset_t news;

	for (size_t i = 0; i < OI_ARRAY_SIZE(deaf_to); i++)
		signal(deaf_to[i], SIG_IGN);
	sigemptyset(&news);
	sigaddset(&news, NEWS);
	sigprocmask(SIG_BLOCK, &news, NULL);
	/* it may have ended before we asked to be told */
	prctl(PR_SET_PDEATHSIG, NEWS);
	while (getppid() == run)
		sigtimedwait(&news, NULL, &look);
}

static void tell_webhooks(const struct watch *watch, const struct oi_run_record *record)
{
	struct oi_machine *m = watch->machine;
	OI_CLEANUP(oi_reporting_clear) struct oi_reporting reporting = { 0 };
	struct oi_webhooks hooks = { 0 };

	if (!oi_decide_platform(&m->facts))
		return;
	for (size_t i = 0; i < OI_ARRAY_SIZE(deaf_to); i++)
		signal(deaf_to[i], SIG_DFL); /* who carries the letters may be ended */
	oi_machine_read_reporting(m, &reporting);
	oi_webhooks_open(&hooks, &m->host, &m->config, &reporting);
	oi_webhooks_run(&hooks, record, NULL, 0);
	oi_webhooks_clear(&hooks);
}

static void be_witness(void *data)
{
	const struct watch *watch = data;
	struct oi_machine *m = watch->machine;
	struct oi_run_record record = *watch->record;
	const struct oi_reason_text *text = oi_reason_text(OI_R_INTERRUPTED);
	OI_FREE char *line = NULL;

	wait_for_end(watch->run);
	record.state = OI_STATE_INTERRUPTED;
	record.reason = OI_R_INTERRUPTED;
	record.exit_code = text->exit_code;
	record.message = NULL;
	oi_clock_utc(record.ended);
	/* a terminal has its prompt back by now */
	m->log.console = m->log.console && !isatty(STDERR_FILENO);
	m->log.brief = false;
	if (!oi_report_cut_off(&m->host, &m->config, &record, watch->run))
		return;
	line = oi_report_final_line(text->exit_code, OI_R_INTERRUPTED, NULL, text->remedy);
	oi_log_error(&m->host.log, "%s", line);
	oi_lock_drop(watch->lock);
	tell_webhooks(watch, &record);
}

void oi_witness_start(struct oi_witness *witness, struct oi_machine *machine,
		      const struct oi_run_record *record, struct oi_lock *lock)
{
	struct watch watch = { getpid(), machine, record, lock };

	if (!witness->aside.pid)
		oi_background_start(&witness->aside, be_witness, &watch);
}

void oi_witness_dismiss(struct oi_witness *witness)
{
	if (!witness->aside.pid)
		return;
	kill(witness->aside.pid, SIGKILL);
	while (waitpid(witness->aside.pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	witness->aside.pid = 0;
}
