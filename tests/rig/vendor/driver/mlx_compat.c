// SPDX-License-Identifier: GPL-2.0
/*
 * mlx_compat of the stand-in vendor stack: what every other of its modules needs. It compiles only with the right
 * answers to configure's questions.
 */
#include <linux/module.h>
#include <config.h>
#include <ofed_rig.h>

#if !defined(HAVE_NETDEV_PRIV) || defined(HAVE_NETDEV_TELEPORT)
#error the headers were asked, and the answers are wrong
#endif

int ofed_rig_present(void)
{
	return 0;
}
EXPORT_SYMBOL_GPL(ofed_rig_present);

MODULE_DESCRIPTION("stand-in of the test");
MODULE_LICENSE("GPL");
