/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who tells of the end of a run that cannot tell of it itself.
 *
 * A signal ends a run where it stands, and then result.json, agent.status, the host, the
 * metrics and the web hooks would say "running" for ever. So a process waits beside the run. It
 * does nothing until the run is gone, says "interrupted" to everybody, and ends.
 */
#ifndef OI_APP_WITNESS_H
#define OI_APP_WITNESS_H

#include "app/machine.h"
#include "sys/background.h"
#include "sys/lock.h"

struct oi_witness {
	struct oi_background aside; /* zeroed: there is none */
};

/**
 * oi_witness_start() - begin to watch this process; one that watches already goes on
 * @record: as it is now is what is told of, with the phases that result.json has by then
 * @lock: the run's own; held until the files are written, so that the next run comes after that
 *
 * Without a second process there is no witness, and `ofed-init status` still knows.
 */
void oi_witness_start(struct oi_witness *witness, struct oi_machine *machine,
		      const struct oi_run_record *record, struct oi_lock *lock);

/** oi_witness_dismiss() - the run has told of its end itself; fine on one that was not started */
void oi_witness_dismiss(struct oi_witness *witness);

#endif
