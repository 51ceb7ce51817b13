/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * lro.c - A preloaded ioctl() by which up0 has large receive offload
 *
 * No device of a network namespace has it.  The flag is a file, $LRO_FLAG: there
 * while LRO is on.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, void *) =
		(int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
	const char *flag = getenv("LRO_FLAG");
	struct ethtool_value *value;
	struct ifreq *req;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	req = arg;
	if (request != SIOCETHTOOL || !flag || strcmp(req->ifr_name, "up0"))
		return real(fd, request, arg);
	value = (struct ethtool_value *)req->ifr_data;
	if (value->cmd == ETHTOOL_GFLAGS)
		value->data = access(flag, F_OK) ? 0 : ETH_FLAG_LRO;
	else if (value->cmd == ETHTOOL_SFLAGS && value->data & ETH_FLAG_LRO)
		close(open(flag, O_CREAT | O_WRONLY, 0600));
	else if (value->cmd == ETHTOOL_SFLAGS)
		unlink(flag);
	return 0;
}
